/** A property of anything at all; undefined where there is none. For values from outside. */
export function field(value: unknown, key: string | symbol): unknown {
  const held = (typeof value === 'object' && value !== null) || typeof value === 'function';
  return held ? Reflect.get(value, key) : undefined;
}
