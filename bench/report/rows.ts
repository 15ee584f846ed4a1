import { median } from '../harness/stats.js';
import type { Row, Target } from './finding.js';

/** A figure that is a ratio of paired rounds. */
export function ratioRow(measure: string, values: readonly number[], target?: Target): Row {
  return { ...row(measure, values, '', 2), ...(target === undefined ? {} : { target }) };
}

/** A figure with a unit of its own. */
export function unitRow(
  measure: string,
  values: readonly number[],
  unit: string,
  target: Target,
  digits = 1,
): Row {
  return { ...row(measure, values, unit, digits), target };
}

function row(measure: string, values: readonly number[], unit: string, digits: number): Row {
  const spread: [number, number] = [Math.min(...values), Math.max(...values)];
  return { measure, value: median(values), spread, unit, digits };
}
