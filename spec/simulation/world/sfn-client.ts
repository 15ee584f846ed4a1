import type { SfnClient } from '../../../lib/index.js';
import type { createAwsCalls } from './aws-calls.js';

/** A client that the user injects: the SDK's `send`, which neither retries nor bounds its calls. */
export function createSfnClient(call: ReturnType<typeof createAwsCalls>): SfnClient {
  return {
    send: (command, { abortSignal } = {}) =>
      new Promise((resolve, reject) => {
        const settled = () => abortSignal?.removeEventListener('abort', abort);
        const abortCall = call({
          operation: command.constructor.name.replace('Command', ''),
          input: (command as { input: Record<string, unknown> }).input,
          retries: 0,
          succeed(output) {
            settled();
            resolve(output);
          },
          fail(error) {
            settled();
            reject(error);
          },
        });
        const abort = () => {
          settled();
          abortCall();
          const error = new Error('Request aborted');
          error.name = 'AbortError';
          reject(error);
        };
        if (abortSignal?.aborted === true) abort();
        else abortSignal?.addEventListener('abort', abort);
      }),
  };
}
