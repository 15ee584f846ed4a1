import { expect, it, vi } from 'vitest';
import { onAbort } from '../../../lib/async/on-abort.js';
import { listeners } from '../../support/watch.js';

it('L12: calls when the signal aborts, once, and leaves no listener', () => {
  const controller = new AbortController();
  const fn = vi.fn();
  onAbort(controller.signal, fn);
  expect(fn).not.toHaveBeenCalled();
  controller.abort();
  controller.abort();
  expect(fn).toHaveBeenCalledExactlyOnceWith();
  expect(listeners(controller.signal)).toBe(0);
});

it('L12: calls at once for a signal that has aborted already', () => {
  const fn = vi.fn();
  const detach = onAbort(AbortSignal.abort(), fn);
  expect(fn).toHaveBeenCalledExactlyOnceWith();
  detach();
  expect(fn).toHaveBeenCalledOnce();
});

it('does not call a listener that was detached', () => {
  const controller = new AbortController();
  const [one, other] = [vi.fn(), vi.fn()];
  const detach = onAbort(controller.signal, one);
  onAbort(controller.signal, other);
  detach();
  controller.abort();
  expect(one).not.toHaveBeenCalled();
  expect(other).toHaveBeenCalledOnce();
});

it('calls each of two attachments of the same function', () => {
  const controller = new AbortController();
  const fn = vi.fn();
  const detach = onAbort(controller.signal, fn);
  onAbort(controller.signal, fn);
  detach();
  controller.abort();
  expect(fn).toHaveBeenCalledOnce();
});
