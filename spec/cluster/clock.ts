/**
 * Milliseconds on the one monotonic clock that all processes of a machine share. So what they send can
 * be put in order. performance.now() counts from each process's own start.
 */
export function nowMs(): number {
  return Number(process.hrtime.bigint()) / 1e6;
}
