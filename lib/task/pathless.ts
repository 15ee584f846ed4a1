import { getProperty } from '../common/property.js';

/**
 * The mark of an invoke that has no use for a request path: `Symbol.for('stepfunc-source.pathless')`.
 * With it, the config's `path` may be left out. A function that wraps such an invoke copies the mark.
 */
export const pathless: unique symbol = Symbol.for('stepfunc-source.pathless');

/** Whether an invoke carries the mark. Takes anything, and never throws. */
export function isPathless(invoke: unknown): boolean {
  return getProperty(invoke, pathless) === true;
}
