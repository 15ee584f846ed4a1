import { describe, expect, it } from 'vitest';
import { attemptTimeoutMs, callTimeoutMs } from '../../../lib/sfn/call-timeout.js';

describe('attemptTimeoutMs', () => {
  it.each([
    ['a heartbeat', 0, 10_000],
    ['4 KiB', 4_096, 11_000],
    ['the largest output, 262,144 bytes', 262_144, 74_000],
  ])('T13: %s', (_, bytes, ms) => expect(attemptTimeoutMs(bytes)).toBe(ms));
});

describe('callTimeoutMs', () => {
  it('T13: is time for three attempts and the waits between them', () => {
    expect(callTimeoutMs(0)).toBe(60_000);
    expect(callTimeoutMs(262_144)).toBe(252_000);
  });
});
