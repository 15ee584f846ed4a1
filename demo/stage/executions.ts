import { UNLUCKY } from './component.js';

/** An execution to start, and how it is to end. */
export interface Plan {
  numbers: string;
  expected: { output: string } | { error: string };
}

/** A dozen that go well, one with a word among its numbers, and one that meets the timeout. */
export function plans(): Plan[] {
  const good = Array.from({ length: 12 }, (_, i) => goodPlan(100 * (i + 1)));
  return [
    ...good.slice(0, 4),
    { numbers: '1 2 three', expected: { error: 'NotANumber' } },
    { numbers: `11 12 ${UNLUCKY} 14`, expected: { error: 'StepFuncSource.Timeout' } },
    ...good.slice(4),
  ];
}

/** Twelve numbers, which make four pieces of three. */
function goodPlan(from: number): Plan {
  const numbers = Array.from({ length: 12 }, (_, i) => from + i);
  const sums = [0, 3, 6, 9].map((at) => 3 * (from + at) + 3);
  return { numbers: numbers.join(' '), expected: { output: JSON.stringify(sums) } };
}
