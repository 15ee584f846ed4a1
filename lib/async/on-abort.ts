/**
 * Calls `fn` when `signal` aborts, and at once if it has aborted already. `addEventListener` alone
 * stays silent then: a listener that is attached too late would wait for an abort that never comes.
 *
 * Calls `fn` once at most. Returns a function that detaches it, which has no effect afterwards.
 *
 * @example
 * const detach = onAbort(signal, () => socket.destroy());
 * await exchange(socket).finally(detach);
 */
export function onAbort(signal: AbortSignal, fn: () => void): () => void {
  if (signal.aborted) {
    fn();
    return () => undefined;
  }
  const listener = () => fn();
  signal.addEventListener('abort', listener, { once: true });
  return () => signal.removeEventListener('abort', listener);
}
