import { describe, expect, it, vi } from 'vitest';
import type { Invoke, StepFuncSourceOptions } from '../../lib/index.js';
import { createStepFuncSource } from '../../lib/index.js';
import { functionInvoke } from '../../lib/function.js';
import { traceInvoke } from '../../lib/opentelemetry.js';
import { FakeSfn } from '../../lib/testing/index.js';
import { collectSpans, disableGlobals } from '../support/collected-spans.js';
import { answer, config, fine, settle, stopped } from '../support/source-on-fake.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

const execution = 'arn:aws:states:us-east-1:123456789012:execution:machine:1';
const input = { execution, secret: 'hunter2' };
const pick = (given: unknown) => ({ execution: (given as typeof input).execution });

/** A started source, everything that it emits, and what it logs. */
async function setUp(options: StepFuncSourceOptions, invoke: Invoke = fine, more: object = {}) {
  const sfn = new FakeSfn({ longPollMs: 60_000 });
  const logged: { level: string; fields: object; message: string }[] = [];
  const line = (level: string) => (fields: object, message: string) =>
    void logged.push({ level, fields, message });
  const logger = {
    debug: line('debug'),
    info: line('info'),
    warn: line('warn'),
    error: line('error'),
  };
  const source = createStepFuncSource({ ...config, ...more }, invoke, {
    client: sfn,
    logger,
    ...options,
  });
  const events: [string, object][] = [];
  for (const name of ['taskReceived', 'taskSucceeded', 'taskFailed', 'taskLost'] as const) {
    source.on(name, (event) => void events.push([name, event]));
  }
  await source.start();
  return { sfn, source, events, logged };
}

describe('taskAttributes', () => {
  it('stand in the events that begin and end a task, and in their log lines', async () => {
    const failing: Invoke = async ({ body }) => answer(body, body.includes('fail') ? 500 : 200);
    const { sfn, source, events, logged } = await setUp({ taskAttributes: pick }, failing);
    await sfn.runTask('sum', input);
    await sfn.runTask('sum', { ...input, fail: true });
    await stopped(source);
    expect(events.map(([name]) => name)).toEqual([
      'taskReceived',
      'taskSucceeded',
      'taskReceived',
      'taskFailed',
    ]);
    for (const [, event] of events) expect(event).toMatchObject({ attributes: { execution } });
    const lines = logged.filter(({ fields }) => 'task' in fields);
    expect(lines).toHaveLength(4);
    for (const { fields } of lines) expect(fields).toMatchObject({ attributes: { execution } });
  });

  it('T10: bring nothing else of the input anywhere', async () => {
    const { sfn, source, events, logged } = await setUp({ taskAttributes: pick });
    await sfn.runTask('sum', input);
    await stopped(source);
    expect(JSON.stringify([events, logged, source.status()])).not.toContain('hunter2');
  });

  it('are empty without the option, whatever the input', async () => {
    const { sfn, source, events } = await setUp({});
    await sfn.runTask('sum', input);
    await stopped(source);
    for (const [, event] of events) expect(event).toMatchObject({ attributes: {} });
  });

  it.each<[string, () => unknown]>([
    [
      'throws',
      () => {
        throw new Error('hunter2');
      },
    ],
    ['rejects', async () => Promise.reject(new Error('hunter2'))],
    ['never settles', () => new Promise(() => undefined)],
    ['answers with nonsense', () => 'hunter2'],
  ])('cost no task if the function %s; that is warned of once', async (_, nonsense) => {
    const options = { taskAttributes: nonsense as never };
    const { sfn, source, events, logged } = await setUp(options);
    for (let i = 0; i < 3; i += 1) {
      expect(await sfn.runTask('sum', input)).toMatchObject({ status: 'SUCCEEDED' });
    }
    await stopped(source);
    for (const [, event] of events) expect(event).toMatchObject({ attributes: {} });
    const warnings = logged.filter(({ level }) => level === 'warn');
    expect(warnings.map(({ message }) => message)).toEqual([
      expect.stringMatching(/^taskAttributes must return an object of strings: it /) as string,
    ]);
    expect(JSON.stringify(logged)).not.toContain('hunter2');
  });

  it('stand on the span of traceInvoke, under names of their own', async () => {
    const { ended, tracerProvider } = collectSpans();
    const invoke = traceInvoke(fine, { activityName: 'sum', tracerProvider });
    const { sfn, source } = await setUp({ taskAttributes: pick }, invoke);
    await sfn.runTask('sum', input);
    await stopped(source);
    expect(ended()[0]?.attributes).toMatchObject({
      'stepfunc_source.task.attribute.execution': execution,
    });
    disableGlobals();
  });
});

describe('runningTasks', () => {
  it('lists of each task since when it runs, and whether its report is on its way', async () => {
    let finish: () => void = () => undefined;
    const invoke: Invoke = () =>
      new Promise((resolve) => {
        finish = () => resolve(answer('1'));
      });
    const { sfn, source, events } = await setUp({ taskAttributes: pick }, invoke);
    expect(source.runningTasks()).toEqual([]);
    const receivedAt = Date.now();
    void sfn.runTask('sum', input);
    await vi.advanceTimersByTimeAsync(5_000);
    const { task } = events[0]?.[1] as { task: string };
    const running = { task, poller: 0, startedAt: receivedAt, attributes: { execution } };
    expect(source.runningTasks()).toEqual([{ ...running, phase: 'invoking' }]);
    const hung = sfn.fault({ kind: 'throttling', operation: 'SendTaskSuccess', times: Infinity });
    finish();
    await settle();
    expect(source.runningTasks()).toEqual([{ ...running, phase: 'reporting' }]);
    hung();
    await vi.advanceTimersByTimeAsync(60_000);
    expect(source.runningTasks()).toEqual([]);
    await stopped(source);
  });

  it('is a snapshot: who changes it changes nothing', async () => {
    const { sfn, source } = await setUp({}, () => new Promise(() => undefined));
    void sfn.runTask('sum', 1);
    await settle();
    source.runningTasks().splice(0);
    expect(source.runningTasks()).toHaveLength(1);
    await stopped(source, 0);
    expect(source.runningTasks()).toEqual([]);
  });
});

describe('the short id of a task', () => {
  it('is the one of the events in the request, and in its header step-func-task', async () => {
    const invoke = vi.fn(fine);
    const { sfn, source, events } = await setUp({}, invoke);
    await sfn.runTask('sum', 1);
    await stopped(source);
    const { task } = events[0]?.[1] as { task: string };
    expect(invoke.mock.calls[0]?.[0]).toMatchObject({
      task,
      headers: { 'step-func-task': task, 'content-type': 'application/json' },
    });
  });

  it("is in a function's context, and there the path may be left out", async () => {
    const tasks: string[] = [];
    const invoke = functionInvoke((_, { task }) => void tasks.push(task));
    const more = { path: undefined };
    for (const wrapped of [invoke, traceInvoke(invoke, { activityName: 'sum' })]) {
      const { sfn, source, events } = await setUp({}, wrapped, more);
      expect(await sfn.runTask('sum', 1)).toEqual({ status: 'SUCCEEDED', output: 'null' });
      await stopped(source);
      expect(tasks.pop()).toBe((events[0]?.[1] as { task: string }).task);
    }
  });
});
