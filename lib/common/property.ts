/** A property of any value, or undefined if it has none. For values from outside. */
export function getProperty(value: unknown, key: string | symbol): unknown {
  const held = (typeof value === 'object' && value !== null) || typeof value === 'function';
  try {
    return held ? Reflect.get(value, key) : undefined;
  } catch {
    // A getter that throws, or a revoked proxy.
    return undefined;
  }
}
