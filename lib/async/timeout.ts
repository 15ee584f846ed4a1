import { execute } from 'abort-controller-x';
import type { Clock } from './clock.js';
import { startDeadline } from './timer.js';

/**
 * Runs `fn` for `ms` at most. Rejects with a TimeoutError then (see startDeadline), and with an AbortError
 * when `signal` aborts; `fn`'s own signal aborts in both cases. Settles then even if `fn` does not
 * heed its signal, and drops what comes of it later. Leaves no timer and no listener behind.
 */
export function withTimeout<T>(
  signal: AbortSignal,
  ms: number,
  fn: (signal: AbortSignal) => Promise<T>,
  clock: Clock,
): Promise<T> {
  return execute<T>(signal, (resolve, reject) => {
    const inner = new AbortController();
    const answer = fn(inner.signal);
    const cancel = startDeadline(
      ms,
      () => {
        reject(new TimeoutError(ms));
        inner.abort();
      },
      clock,
    );
    settleBy(answer, cancel, resolve, reject);
    return () => {
      cancel();
      inner.abort();
    };
  });
}

/**
 * Runs `fn` under a controller, which is aborted after `ms`: with what `timeoutError` returns as reason.
 * Rejects with the reason when it is aborted, by that or by anybody else; settles then even if `fn`
 * does not heed its signal, and drops what comes of it later. Leaves no timer and no listener behind.
 */
export function abortAfter<T>(
  controller: AbortController,
  ms: number,
  timeoutError: () => Error,
  fn: (signal: AbortSignal) => Promise<T>,
  clock: Clock,
): Promise<T> {
  const { signal } = controller;
  return execute<T>(signal, (resolve, reject) => {
    const answer = fn(signal);
    const cancel = startDeadline(ms, () => controller.abort(timeoutError()), clock);
    settleBy(answer, cancel, resolve, reject);
    if (signal.aborted) {
      // By `fn` itself, too early for `execute` to hear of it.
      cancel();
      reject(signal.reason);
    }
    return cancel;
  });
}

function settleBy<T>(
  answer: Promise<T>,
  cancel: () => void,
  resolve: (value: T) => void,
  reject: (error: unknown) => void,
): void {
  answer.then(
    (value) => {
      cancel();
      resolve(value);
    },
    (error: unknown) => {
      cancel();
      reject(error);
    },
  );
}

export class TimeoutError extends Error {
  override readonly name = 'TimeoutError';

  constructor(ms: number) {
    super(`No answer within ${ms} ms`);
  }
}
