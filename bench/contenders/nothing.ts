/** A process of Node's own, without work: what the memory of others is measured against. */
export function start(): Promise<() => Promise<void>> {
  return Promise.resolve(() => Promise.resolve());
}
