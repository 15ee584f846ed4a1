import { setTimeout as pass } from 'node:timers/promises';

/**
 * Resolves once `is` says so. Rejects with `otherwise` where that takes too long: what is waited for
 * here happens in other processes, on a machine that may be busy.
 */
export async function eventually(is: () => boolean, otherwise: () => string): Promise<void> {
  const endsAt = performance.now() + 60_000;
  while (!is()) {
    if (performance.now() > endsAt) throw new Error(otherwise());
    await pass(5);
  }
}
