import { ServiceError } from './service-error.js';
import { isJson } from './validation.js';

/** Of StartExecution, in bytes of UTF-8. */
const MAX_INPUT_BYTES = 262_144;

/**
 * The JSON text that `runTask` gives to the worker.
 *
 * @throws the error that StartExecution would answer with.
 */
export function taskInput(input: unknown): string {
  const text = typeof input === 'string' ? input : stringify(input);
  if (!isJson(text)) {
    throw new ServiceError(
      'InvalidExecutionInput',
      "Invalid State Machine Execution Input: 'The input is not valid JSON'. A string is taken for JSON " +
        'text: for a JSON string, pass JSON.stringify(text)',
    );
  }
  const bytes = Buffer.byteLength(text);
  if (bytes > MAX_INPUT_BYTES) {
    throw new ServiceError(
      'ValidationException',
      "1 validation error detected: Value at 'input' failed to satisfy constraint: Member must have " +
        `length less than or equal to ${MAX_INPUT_BYTES}`,
    );
  }
  return text;
}

function stringify(input: unknown): string {
  // Not a string for undefined, functions and symbols, whatever its declaration says.
  const text = JSON.stringify(input) as string | undefined;
  if (text === undefined) {
    throw new TypeError(`runTask: expected an input that JSON can carry; got ${typeof input}`);
  }
  return text;
}
