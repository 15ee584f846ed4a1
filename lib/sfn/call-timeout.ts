/** The time limit of one attempt of a small call. */
const BASE_MS = 10_000;
/** The slowest link that a report has time for: 4 KiB a second. */
const BYTES_PER_SECOND = 4_096;

/**
 * How long one attempt of a call may take, in milliseconds: 10 s, and 1 s more for each 4 KiB of
 * its body (T13). The progress of an upload can't be seen, since the kernel takes it all at once.
 */
export function attemptTimeoutMs(bodyBytes: number): number {
  return BASE_MS + Math.ceil((bodyBytes / BYTES_PER_SECOND) * 1_000);
}

/** How many attempts of a client's own there is time for, and as much time between them. */
const ATTEMPTS = 3;
const WAITS_MS = 30_000;

/** How long a call of an injected client may take, with all its attempts. */
export function callTimeoutMs(bodyBytes: number): number {
  return ATTEMPTS * attemptTimeoutMs(bodyBytes) + WAITS_MS;
}
