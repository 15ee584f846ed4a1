/** What a measure has found: figures against their targets, and what stands behind them. */
export interface Finding {
  rows: Row[];
  tables: Table[];
  charts: Chart[];
}

/** One figure of the table. */
export interface Row {
  measure: string;
  /** Undefined: it is shown, and has nothing to reach. */
  target?: Target;
  /** The median; the spread is the least and the most of the rounds. */
  value: number;
  spread: [number, number];
  unit: string;
  digits: number;
}

export type Target = { atLeast: number } | { atMost: number } | { below: number };

export interface Table {
  title: string;
  head: string[];
  rows: string[][];
  /** Below the table, in sentences. */
  note?: string;
}

export type Chart = BarChart | LineChart;

interface ChartBase {
  /** The file's name, without its ending. */
  file: string;
  title: string;
  unit: string;
}

/** A bar a contender to the median, and a dot a round. */
export interface BarChart extends ChartBase {
  kind: 'bars';
  bars: { label: string; values: number[] }[];
}

export interface LineChart extends ChartBase {
  kind: 'lines';
  xLabel: string;
  lines: { label: string; points: [number, number][] }[];
}

export function reached({ target, value }: Row): boolean | undefined {
  if (target === undefined) return undefined;
  if ('atLeast' in target) return value >= target.atLeast;
  if ('atMost' in target) return value <= target.atMost;
  return value < target.below;
}

export function targetText({ target, unit }: Row): string {
  if (target === undefined) return 'shown';
  if ('atLeast' in target) return `≥ ${target.atLeast}${unit}`;
  if ('atMost' in target) return `≤ ${target.atMost}${unit}`;
  return `< ${target.below}${unit}`;
}
