import { describe, expect, it } from 'vitest';
import { attemptTimeoutMs } from '../../../lib/sfn/call-timeout.js';

describe('attemptTimeoutMs', () => {
  it.each([
    ['a heartbeat', 0, 10_000],
    ['4 KiB', 4_096, 11_000],
    ['the largest output, 262,144 bytes', 262_144, 74_000],
  ])('T13: %s', (_, bytes, ms) => expect(attemptTimeoutMs(bytes)).toBe(ms));
});
