import type { Plan } from './executions.js';
import type { Outcome } from './step-functions.js';

/** Prints an execution as Step Functions shows it. Returns whether it ended as it was to. */
export function printOutcome({ numbers, expected }: Plan, outcome: Outcome): boolean {
  const { status, output, error, cause } = outcome;
  const result = output === undefined ? '' : `  ->  ${output}`;
  console.log(`  ${status.padEnd(9)}  ${numbers}${result}`);
  if (error !== undefined) console.log(`             error  ${error}`);
  if (cause !== undefined) console.log(`             cause  ${cause}`);
  const asExpected = 'error' in expected ? error === expected.error : output === expected.output;
  if (!asExpected) console.log('             which is not what was expected');
  return asExpected;
}
