import { describe, expect, it, vi } from 'vitest';
import { never, settle, setUp, stopped } from '../../support/source-on-fake.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

describe('run', () => {
  it('starts, waits for the abort, and stops', async () => {
    const { sfn, source } = setUp(never);
    const controller = new AbortController();
    const ran = source.run(controller.signal, { graceMs: 100 });
    void sfn.runTask('sum', {});
    await settle();
    expect(source.state).toBe('running');
    controller.abort();
    await vi.advanceTimersByTimeAsync(99);
    expect(source.state).toBe('stopping');
    await vi.advanceTimersByTimeAsync(1);
    expect(await ran).toEqual({ succeeded: 0, failed: 1, abandonedPolls: 0, lost: 0 });
  });

  it('does nothing if the signal has aborted before', async () => {
    const { sfn, source } = setUp();
    await source.run(AbortSignal.abort());
    expect(sfn.calls()).toBe(0);
    expect(source.state).toBe('stopped');
  });

  it('takes the start back if the abort comes first', async () => {
    const { sfn, source } = setUp();
    sfn.fault({ kind: 'hang' });
    const controller = new AbortController();
    const ran = source.run(controller.signal);
    controller.abort();
    expect(await ran).toMatchObject({ succeeded: 0 });
    expect(source.state).toBe('stopped');
  });

  it('ends as well if other code stops the source', async () => {
    const { source } = setUp();
    const ran = source.run(new AbortController().signal);
    await settle();
    await stopped(source);
    expect(await ran).toMatchObject({ abandonedPolls: 0 });
  });

  it('rejects as start does', async () => {
    const { sfn, source } = setUp();
    sfn.fault({ kind: 'error', name: 'AccessDeniedException' });
    await expect(source.run(new AbortController().signal)).rejects.toMatchObject({
      name: 'ActivityError',
    });
  });

  it('leaves no listener on the signal', async () => {
    const { source } = setUp();
    const controller = new AbortController();
    const [add, remove] = [
      vi.spyOn(controller.signal, 'addEventListener'),
      vi.spyOn(controller.signal, 'removeEventListener'),
    ];
    const ran = source.run(controller.signal);
    await settle();
    await stopped(source);
    await ran;
    expect(add.mock.calls.length).toBeGreaterThan(0);
    expect(remove.mock.calls.length).toBeGreaterThanOrEqual(add.mock.calls.length);
  });
});
