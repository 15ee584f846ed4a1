import type { InvokeRequest, TaskResult } from 'stepfunc-source';
import { toTaskResult } from 'stepfunc-source';
import { functionInvoke } from 'stepfunc-source/function';
import type { FunctionInvokeOptions, Handler } from 'stepfunc-source/function';

export const requestOf = (body: string) =>
  ({
    method: 'POST',
    path: '/',
    headers: { 'content-type': 'application/json' },
    body,
    redirect: 'manual',
    task: 'a1b2c3-1',
  }) as InvokeRequest;
export const { signal } = new AbortController();

/** What becomes of a task with `input`, as JSON text or as a value. */
export async function resultOf<Input>(
  handler: Handler<Input>,
  input: unknown = null,
  options?: FunctionInvokeOptions<Input>,
): Promise<TaskResult> {
  const body = JSON.stringify(input);
  return toTaskResult(await functionInvoke(handler, options)(requestOf(body), signal));
}

export const resultOfThrow = (thrown: unknown) =>
  resultOf(() => {
    throw thrown;
  });

/** What Lambda's JSON says of the failure. */
export function causeOf(result: TaskResult): {
  errorType: string;
  errorMessage: string;
  trace: string[];
} {
  if (result.outcome !== 'failure') throw new Error('no failure');
  return JSON.parse(result.cause) as ReturnType<typeof causeOf>;
}
