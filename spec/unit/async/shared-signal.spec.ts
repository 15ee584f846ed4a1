import { getEventListeners } from 'node:events';
import { expect, it } from 'vitest';
import { shareSignal } from '../../../lib/async/shared-signal.js';

const listeners = (signal: AbortSignal) => getEventListeners(signal, 'abort').length;

it('follows a signal by one listener, however many share it, and leaves none behind', () => {
  const { signal } = new AbortController();
  const shares = Array.from({ length: 50 }, () => shareSignal(signal));
  expect(listeners(signal)).toBe(1);
  for (const share of shares.slice(1)) share.release();
  expect(listeners(signal)).toBe(1);
  shares[0]?.release();
  expect(listeners(signal)).toBe(0);
});

it('aborts with the same reason', () => {
  const controller = new AbortController();
  const { signal, release } = shareSignal(controller.signal);
  const reason = new Error('enough');
  controller.abort(reason);
  expect(signal.aborted).toBe(true);
  expect(signal.reason).toBe(reason);
  release();
});

it('has aborted if the signal has, and again after all have released it', () => {
  const signal = AbortSignal.abort();
  for (let i = 0; i < 2; i += 1) {
    const share = shareSignal(signal);
    expect(share.signal.aborted).toBe(true);
    share.release();
  }
  expect(listeners(signal)).toBe(0);
});

it('follows anew whoever comes after the last release', () => {
  const controller = new AbortController();
  shareSignal(controller.signal).release();
  const { signal, release } = shareSignal(controller.signal);
  controller.abort();
  expect(signal.aborted).toBe(true);
  release();
});
