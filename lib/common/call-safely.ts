import { leaveToItself } from './leave-to-itself.js';

/**
 * Calls an observer (a listener or a logger), and drops what it throws or rejects with. Without this,
 * a listener that throws could lose a task.
 */
export function callSafely(observer: () => unknown): void {
  try {
    // An observer may be an async function.
    leaveToItself(observer());
  } catch {
    // The observer has to handle its own errors.
  }
}
