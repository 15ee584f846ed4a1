import { getProperty } from '../common/property.js';
import { isOptionsObject } from '../common/type-tag.js';
import { formatValue } from '../common/format-value.js';
import type { InvokeRequest } from './invoke.js';

/** What a user shows of a task: at most 16 names with values, of 256 characters each. */
export type TaskAttributes = Readonly<Record<string, string>>;

/** Picks from a task's parsed input what may be shown. Must be synchronous. */
export type PickTaskAttributes = (input: unknown) => Record<string, string>;

const MAX_ENTRIES = 16;
const MAX_LENGTH = 256;

export const noAttributes: TaskAttributes = Object.freeze({});

/**
 * Makes a function from a task's input to its attributes, which never throws. If `pick` throws, or
 * returns anything but an object of strings, the task has no attributes. `warn` is then called for
 * the first such task. Its text is the source's own: the error's message may quote the input.
 */
export function createAttributePicker(
  pick: PickTaskAttributes | undefined,
  warn: (problem: string) => void,
): (input: string) => TaskAttributes {
  if (pick === undefined) return () => noAttributes;
  let hasWarned = false;
  const refuse = (problem: string): TaskAttributes => {
    if (!hasWarned) warn(problem);
    hasWarned = true;
    return noAttributes;
  };

  return (input) => {
    let picked: unknown;
    try {
      picked = pick(JSON.parse(input));
    } catch (error) {
      const name = getProperty(error, 'name');
      return refuse(`it threw ${typeof name === 'string' ? name.slice(0, 100) : kindOf(error)}`);
    }
    return checked(picked, refuse);
  };
}

function checked(picked: unknown, refuse: (problem: string) => TaskAttributes): TaskAttributes {
  if (typeof getProperty(picked, 'then') === 'function') {
    // The promise is not awaited: without this, its rejection would end the process.
    Promise.resolve(picked).catch(() => undefined);
    return refuse('it returned a promise, and must be synchronous');
  }
  if (!isOptionsObject(picked)) return refuse(`it returned ${kindOf(picked)}`);
  try {
    const entries = Object.entries(picked).filter(([, value]) => value !== undefined);
    const wrong = entries.find(([, value]) => typeof value !== 'string');
    if (wrong !== undefined)
      return refuse(`it returned ${kindOf(wrong[1])} as the value of an attribute`);
    const kept = entries.slice(0, MAX_ENTRIES) as [string, string][];
    return Object.freeze(Object.fromEntries(kept.map(([key, value]) => [cut(key), cut(value)])));
  } catch {
    return refuse('it returned an object whose getters throw');
  }
}

function kindOf(value: unknown): string {
  // Of anything but an object, the value itself may be part of the input.
  return typeof value === 'object' ? formatValue(value) : `a value of type ${typeof value}`;
}

function cut(text: string): string {
  return text.length <= MAX_LENGTH
    ? text
    : text.slice(0, MAX_LENGTH).replace(/[\ud800-\udbff]$/, '');
}

/** The key of the attributes on a request. A copy by spread has them too. */
const carried: unique symbol = Symbol.for('stepfunc-source.attributes');

/**
 * Puts a task's attributes on its request, for `traceInvoke`. The key is a symbol, since every named
 * field may mean something to `fetch`.
 */
export function carryAttributes(request: InvokeRequest, attributes: TaskAttributes): InvokeRequest {
  const carrying: InvokeRequest & { [carried]: TaskAttributes } = {
    ...request,
    [carried]: attributes,
  };
  return carrying;
}

/** The attributes of the task that a request belongs to. */
export function attributesOf(request: InvokeRequest): TaskAttributes {
  return (getProperty(request, carried) as TaskAttributes | undefined) ?? noAttributes;
}
