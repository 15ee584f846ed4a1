import { execute } from 'abort-controller-x';
import type { Clock } from './clock.js';
import { startDeadline } from './timer.js';

/**
 * Runs `fn` for `ms` at most. At the end it rejects with a TimeoutError (see startDeadline), and
 * when `signal` aborts with an AbortError. In both cases `fn`'s own signal aborts. It settles even
 * if `fn` ignores its signal, and drops a late result. Leaves no timer and no listener behind.
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
 * Runs `fn` under a controller. After `ms` the controller is aborted, with the result of
 * `timeoutError` as reason. Rejects with the reason when the controller is aborted, by the time
 * limit or from outside. It settles even if `fn` ignores its signal, and drops a late result.
 * Leaves no timer and no listener behind.
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
      // `fn` has aborted it before `execute` could listen.
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
