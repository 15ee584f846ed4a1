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

/** Attempts of a client's own that there is time for, with as much again between them. */
const ATTEMPTS = 3;
const WAITS_MS = 30_000;

/** How long a call of a client that is not ours may take, with whatever attempts it makes. */
export function callTimeoutMs(bodyBytes: number): number {
  return ATTEMPTS * attemptTimeoutMs(bodyBytes) + WAITS_MS;
}
