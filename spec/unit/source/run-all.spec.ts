import { getEventListeners } from 'node:events';
import { describe, expect, it, vi } from 'vitest';
import type { Invoke } from '../../../lib/index.js';
import { createStepFuncSource, runAll } from '../../../lib/index.js';
import { FakeSfn } from '../../../lib/testing/index.js';
import { answer, never, settle } from '../../support/source-on-fake.js';
import { watch } from '../../support/watch.js';
import { useFakeTimers } from '../../support/fake-timers.js';

useFakeTimers();

const echo: Invoke = async ({ body }) => answer(body);

/** A source of an activity, on a fake Step Functions that may be shared. */
function createSource(
  activityName: string,
  sfn = new FakeSfn({ longPollMs: 60_000 }),
  invoke = echo,
) {
  const config = { activityName, path: `/step/${activityName}` };
  return { sfn, source: createStepFuncSource(config, invoke, { client: sfn }) };
}

/** A source that can't start. */
function failing(activityName: string) {
  const { sfn, source } = createSource(activityName);
  const name = 'AccessDeniedException';
  sfn.fault({ kind: 'error', name, status: 403, operation: 'CreateActivity', times: Infinity });
  return source;
}

describe('runAll', () => {
  it('runs all until the abort, and resolves to a summary each, in their order', async () => {
    const sfn = new FakeSfn({ longPollMs: 60_000 });
    const [split, sum] = [createSource('split', sfn).source, createSource('sum', sfn).source];
    const stopping = new AbortController();
    const ran = runAll([split, sum], stopping.signal);
    await settle();
    expect([split.state, sum.state]).toEqual(['running', 'running']);
    expect(await sfn.runTask('split', 1)).toMatchObject({ output: '1' });
    await settle();
    stopping.abort();
    await settle();
    // What open polls still bring is run, and summed up.
    expect(await sfn.runTask('sum', 2)).toMatchObject({ output: '2' });
    await vi.advanceTimersByTimeAsync(60_000);
    const [ofSplit, ofSum, ...others] = await ran;
    expect(others).toEqual([]);
    expect([ofSplit, ofSum]).toMatchObject([{ succeeded: 0 }, { succeeded: 1 }]);
    expect(getEventListeners(stopping.signal, 'abort')).toEqual([]);
  });

  it('S2: stops all with the same options', async () => {
    const sfn = new FakeSfn({ longPollMs: 60_000 });
    const sources = ['a', 'b'].map((name) => createSource(name, sfn, never).source);
    const stopping = new AbortController();
    const ran = runAll(sources, stopping.signal, { graceMs: 1_000 });
    const tasks = ['a', 'b'].map((name) => sfn.runTask(name, 1));
    await settle();
    stopping.abort();
    await vi.advanceTimersByTimeAsync(1_000);
    for (const { failed } of await ran) expect(failed).toBe(1);
    for (const outcome of await Promise.all(tasks)) {
      expect(outcome).toMatchObject({ error: 'StepFuncSource.Stopped' });
    }
  });

  it('stops the others if one can not start, and rejects with its error once they have stopped', async () => {
    const { sfn, source: good } = createSource('good', undefined, never);
    const ran = runAll([good, failing('bad')], new AbortController().signal, { graceMs: 5_000 });
    const watched = watch(ran);
    const outcome = sfn.runTask('good', 1);
    await vi.advanceTimersByTimeAsync(4_999);
    expect(good.state).toBe('stopping');
    expect(watched.settled).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    await expect(ran).rejects.toMatchObject({
      name: 'ActivityError',
      message: expect.stringContaining("'bad'") as string,
    });
    expect(good.state).toBe('stopped');
    expect(await outcome).toMatchObject({ error: 'StepFuncSource.Stopped' });
  });

  it('rejects with the first error if several can not start', async () => {
    const sources = [createSource('a').source, failing('b'), failing('c')];
    const ran = runAll(sources, new AbortController().signal, { graceMs: 0 });
    ran.catch(() => undefined);
    await vi.advanceTimersByTimeAsync(10_000);
    await expect(ran).rejects.toMatchObject({ name: 'ActivityError' });
    expect(sources.map(({ state }) => state)).toEqual(['stopped', 'stopped', 'stopped']);
  });

  it('leaves the others running if one is stopped', async () => {
    const sfn = new FakeSfn({ longPollMs: 60_000 });
    const [a, b] = [createSource('a', sfn).source, createSource('b', sfn).source];
    const stopping = new AbortController();
    const ran = runAll([a, b], stopping.signal);
    const watched = watch(ran);
    await settle();
    void a.stop();
    await vi.advanceTimersByTimeAsync(120_000);
    expect([a.state, b.state]).toEqual(['stopped', 'running']);
    expect(watched.settled).toBeUndefined();
    expect(await sfn.runTask('b', 1)).toMatchObject({ status: 'SUCCEEDED' });
    stopping.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ran).toHaveLength(2);
  });

  it('leaves the others running if one is stopped while it starts', async () => {
    const { sfn, source: slow } = createSource('slow');
    sfn.fault({ kind: 'latency', ms: 5_000, operation: 'CreateActivity' });
    const { source: other } = createSource('other');
    const stopping = new AbortController();
    const ran = runAll([slow, other], stopping.signal);
    await settle();
    void slow.stop();
    await vi.advanceTimersByTimeAsync(10_000);
    expect([slow.state, other.state]).toEqual(['stopped', 'running']);
    stopping.abort();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ran).toMatchObject([{ succeeded: 0 }, { succeeded: 0 }]);
  });

  it('resolves once all are stopped elsewhere', async () => {
    const sources = ['a', 'b'].map((name) => createSource(name).source);
    const ran = runAll(sources, new AbortController().signal);
    await settle();
    for (const source of sources) void source.stop();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(await ran).toHaveLength(2);
  });

  it('starts nothing if the signal has aborted before', async () => {
    const { sfn, source } = createSource('a');
    expect(await runAll([source], AbortSignal.abort())).toMatchObject([{ succeeded: 0 }]);
    expect(sfn.calls()).toBe(0);
  });

  it('refuses a source that is there twice', async () => {
    const { source } = createSource('a');
    const signal = AbortSignal.abort();
    await expect(runAll([source, source], signal)).rejects.toThrow(
      /^runAll: expected each source once, got sources\[0\] again as sources\[1\]$/,
    );
    expect(source.state).toBe('stopped');
  });

  it('S3: has no warning of leaked listeners with fifty sources on one signal, and leaves none', async () => {
    const warnings: Error[] = [];
    const note = (warning: Error) => void warnings.push(warning);
    process.on('warning', note);
    const sfn = new FakeSfn({ longPollMs: 60_000 });
    const sources = Array.from({ length: 50 }, (_, i) => createSource(`a${i}`, sfn).source);
    const { signal, abort } = (() => {
      const controller = new AbortController();
      return { signal: controller.signal, abort: () => controller.abort() };
    })();
    const ran = [
      runAll(sources.slice(0, 25), signal),
      ...sources.slice(25).map((source) => source.run(signal)),
    ];
    await settle();
    abort();
    await vi.advanceTimersByTimeAsync(60_000);
    await Promise.all(ran);
    vi.useRealTimers();
    // Node emits warnings on the next tick.
    await new Promise(setImmediate);
    vi.useFakeTimers();
    process.off('warning', note);
    expect(warnings).toEqual([]);
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });

  it.each<[unknown, string]>([
    [undefined, 'expected sources to be a list of at least one source, got nothing'],
    [[], 'expected sources to be a list of at least one source, got an empty one'],
    [{}, 'expected sources to be a list of at least one source, got an object'],
    [[{}], 'expected sources[0] to be what createStepFuncSource returned, got an object'],
    [[undefined], 'expected sources[0] to be what createStepFuncSource returned, got nothing'],
    ['sum', 'expected sources to be a list of at least one source, got "sum" (string of 3)'],
  ])('refuses %j as sources', async (sources, words) => {
    const ran = runAll(sources as never, new AbortController().signal);
    await expect(ran).rejects.toThrow(TypeError);
    await expect(ran).rejects.toThrow(`runAll: ${words}`);
  });
});
