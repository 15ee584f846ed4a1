/** The bytes in use at the worst moment of what `fn` does, above those before. */
export async function peakOf(fn: () => Promise<unknown>): Promise<number> {
  const inUse = () => {
    const { heapUsed, arrayBuffers } = process.memoryUsage();
    return heapUsed + arrayBuffers;
  };
  const before = inUse();
  let peak = 0;
  const sampling = setInterval(() => (peak = Math.max(peak, inUse() - before)), 2);
  await fn();
  clearInterval(sampling);
  return peak;
}
