import { typeTag } from './type-tag.js';

/**
 * Handles the rejection of a promise that came where none was expected. Nothing else waits for it, and
 * an unhandled rejection would end the process.
 */
export function leaveToItself(value: unknown): void {
  if (typeof value !== 'object' || typeTag(value) !== 'Promise') return;
  Promise.resolve(value).catch(() => undefined);
}
