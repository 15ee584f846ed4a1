import type { Plan } from './executions.js';
import type { Outcome } from './step-functions.js';
import { table } from './table.js';

/** An execution that has ended, and how it was to end. */
export interface Ended {
  plan: Plan;
  outcome: Outcome;
}

/** The executions as Step Functions shows them, a row each. */
export function outcomesTable(ended: readonly Ended[]): string {
  return table([
    ['input', 'status', 'output, or error and cause'],
    ...ended.map(({ plan, outcome }) => [
      shortened(plan.numbers),
      outcome.status,
      `${resultOf(outcome)}${isAsPlanned({ plan, outcome }) ? '' : '  (not as planned)'}`,
    ]),
  ]);
}

/** Whether an execution ended as it was to end. */
export function isAsPlanned({ plan: { expected }, outcome: { output, error } }: Ended): boolean {
  return 'error' in expected ? error === expected.error : output === expected.output;
}

function resultOf({ output, error, cause }: Outcome): string {
  if (output !== undefined) return output;
  return cause === undefined ? (error ?? '') : `${error}: ${cause}`;
}

/** Twelve numbers in a row say no more than the first and the last. */
function shortened(numbers: string): string {
  const all = numbers.split(' ');
  return all.length <= 4 ? numbers : `${all[0]} ${all[1]} … ${all.at(-1)}`;
}
