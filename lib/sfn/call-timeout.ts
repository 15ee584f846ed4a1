/** One attempt of a call that carries next to nothing. */
const BASE_MS = 10_000;
/** The slowest link that a report is given time for: 4 KiB a second. */
const BYTES_PER_SECOND = 4_096;

/**
 * How long one attempt of a call may take, in milliseconds: 10 s, and 1 s more for each 4 KiB of its
 * body (T13). Progress of an upload can't be seen from here, since the kernel takes it all at once.
 */
export function attemptTimeoutMs(bodyBytes: number): number {
  return BASE_MS + Math.ceil((bodyBytes / BYTES_PER_SECOND) * 1_000);
}
