import { typeTag } from './type-tag.js';

/** A promise that came where none was expected has nobody to wait for it: it must not end the process. */
export function leaveToItself(value: unknown): void {
  if (typeTag(value) === 'Promise') Promise.resolve(value).catch(() => undefined);
}
