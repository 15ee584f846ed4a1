/**
 * What kind of object a value is, in its own words: `Map`, `Promise`, `Response`; `Object` for plain
 * objects and for instances of most classes. Never throws, and holds for objects of another realm.
 */
export function typeTag(value: unknown): string {
  try {
    return Object.prototype.toString.call(value).slice('[object '.length, -1);
  } catch {
    // A proxy that was revoked, or a tag whose getter throws.
    return 'Object';
  }
}

/**
 * Whether a value can be meant as an object of named options. A promise, a Map or a list has no such
 * keys: taken for options, it would pass as an empty set of them.
 */
export function isOptionsObject(value: unknown): value is object {
  return typeof value === 'object' && ['Object', 'Module'].includes(typeTag(value));
}
