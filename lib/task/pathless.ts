import { getProperty } from '../common/property.js';

/**
 * The mark of an invoke that needs no request path: `Symbol.for('stepfunc-source.pathless')`. With
 * it, the config needs no `path`. A function that wraps such an invoke has to copy the mark.
 */
export const pathless: unique symbol = Symbol.for('stepfunc-source.pathless');

/** Whether an invoke has the mark. Takes any value, and never throws. */
export function isPathless(invoke: unknown): boolean {
  return getProperty(invoke, pathless) === true;
}
