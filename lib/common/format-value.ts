import { typeTag } from './type-tag.js';

const LONGEST = 100;

/** A value from outside as it reads in an error message: short, on one line, with its type. */
export function formatValue(value: unknown): string {
  switch (typeof value) {
    case 'undefined':
      return 'nothing';
    case 'string':
      return `${JSON.stringify(value.length > LONGEST ? `${value.slice(0, LONGEST)}…` : value)} (string of ${value.length})`;
    case 'number':
    case 'boolean':
    case 'bigint':
      return `${value} (${typeof value})`;
    case 'object':
      return value === null ? 'null' : withArticle(typeTag(value));
    default:
      return `a ${typeof value}`;
  }
}

/** `an object`, `an array`, `a Promise`, `an AbortSignal`. */
function withArticle(tag: string): string {
  if (tag === 'Object' || tag === 'Array') return `an ${tag.toLowerCase()}`;
  return `${/^[AEIO]/.test(tag) ? 'an' : 'a'} ${tag.slice(0, LONGEST)}`;
}
