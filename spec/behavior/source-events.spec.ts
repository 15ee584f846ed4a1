import { describe, expect, it, vi } from 'vitest';
import { createStepFuncSource } from '../../lib/index.js';
import { eventNames } from '../../lib/observe/events.js';
import { FakeSfn } from '../../lib/testing/index.js';
import { answer, config, fine, settle, setUp, stopped } from '../support/source-on-fake.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

describe('events', () => {
  it('are emitted for every task from its poll to its report', async () => {
    const { sfn, source } = setUp(async ({ body }) =>
      body === '"bad"' ? answer('', 500) : answer(),
    );
    const emitted: [string, unknown][] = [];
    for (const name of ['stateChanged', 'taskReceived', 'taskSucceeded', 'taskFailed'] as const) {
      source.on(name, (event: unknown) => void emitted.push([name, event]));
    }
    await source.start();
    await sfn.runTask('sum', '"good"');
    await sfn.runTask('sum', '"bad"');
    await settle();
    await stopped(source);
    const activityName = 'sum';
    const task = expect.stringMatching(/^[\w-]{4,16}$/) as unknown;
    const reported = {
      activityName,
      task,
      poller: 0,
      attributes: {},
      durationMs: expect.any(Number) as unknown,
      invokeMs: expect.any(Number) as unknown,
    };
    expect(emitted).toEqual([
      ['stateChanged', { activityName, from: 'stopped', to: 'starting' }],
      ['stateChanged', { activityName, from: 'starting', to: 'running' }],
      ['taskReceived', { activityName, task, poller: 0, attributes: {} }],
      ['taskSucceeded', { ...reported, attempts: 1 }],
      ['taskReceived', { activityName, task, poller: 0, attributes: {} }],
      ['taskFailed', { ...reported, attempts: 1, error: 'StepFuncSource.Http500' }],
      ['stateChanged', { activityName, from: 'running', to: 'stopping' }],
      ['stateChanged', { activityName, from: 'stopping', to: 'stopped' }],
    ]);
  });

  it('may be taken back, or taken once', async () => {
    const { sfn, source } = setUp();
    const [always, once, off] = [vi.fn(), vi.fn(), vi.fn()];
    source.on('taskReceived', always).once('taskReceived', once).on('taskReceived', off);
    source.off('taskReceived', off);
    await source.start();
    await sfn.runTask('sum', 1);
    await sfn.runTask('sum', 2);
    await settle();
    expect([always, once, off].map((fn) => fn.mock.calls.length)).toEqual([2, 1, 0]);
    await stopped(source);
  });

  it('T10: carry no token, input, output, error text or cause, and neither do the logs', async () => {
    const lines: unknown[] = [];
    const log = (...line: unknown[]) => void lines.push(line);
    const sfn = new FakeSfn({ longPollMs: 60_000 });
    const tokens: unknown[] = [];
    const client = {
      async send(command: object, options?: { abortSignal?: AbortSignal }) {
        const answered = (await sfn.send(command, options)) as { taskToken?: unknown };
        if (answered.taskToken) tokens.push(answered.taskToken);
        return answered;
      },
    };
    const source = createStepFuncSource(
      { ...config, heartbeatIntervalMs: 1_000, invokeTimeoutMs: 5_000 },
      async ({ body }) => {
        if (body.includes('throw')) throw new Error('SECRET in an error');
        if (body.includes('hang')) return new Promise(() => undefined);
        if (body.includes('fail')) {
          return {
            status: 400,
            headers: { 'step-func-cause': 'SECRET cause' },
            body: 'SECRET body',
          };
        }
        return answer('"SECRET output"');
      },
      { client, logger: { debug: log, info: log, warn: log, error: log } },
    );
    for (const name of eventNames) source.on(name, log);
    await source.start();
    sfn.fault({ kind: 'serverError', operation: ['SendTaskSuccess', 'SendTaskHeartbeat'] });
    for (const what of ['good', 'fail', 'throw', 'hang']) {
      const ran = sfn.runTask('sum', [`SECRET ${what}`], { timeoutSeconds: 100 });
      await vi.advanceTimersByTimeAsync(10_000);
      await ran;
    }
    void sfn.runTask('sum', ['SECRET hang'], { timeoutSeconds: 2 });
    await vi.advanceTimersByTimeAsync(4_000);
    sfn.fault({ kind: 'error', name: 'AccessDeniedException', message: 'AWS said so' });
    await vi.advanceTimersByTimeAsync(70_000);
    await stopped(source);

    expect(source.status()).toMatchObject({ received: 5, succeeded: 1, failed: 3, lost: 1 });
    expect(source.status().pollsFailed).toBeGreaterThan(0);
    const everything = JSON.stringify(lines);
    expect(everything).toContain('AWS said so');
    expect(everything).not.toContain('SECRET');
    expect(tokens).toHaveLength(5);
    for (const token of tokens) expect(everything).not.toContain(token);
  });

  it('a listener or a logger that throws or rejects disturbs nothing', async () => {
    const sfn = new FakeSfn();
    const bad = () => {
      throw new Error('a listener fell over');
    };
    const rejecting = async () => bad();
    const source = createStepFuncSource(config, fine, {
      client: sfn,
      logger: { debug: bad, info: bad, warn: bad, error: bad },
    });
    for (const name of ['stateChanged', 'taskReceived', 'taskSucceeded'] as const) {
      source.on(name, bad).on(name, rejecting);
    }
    const after = vi.fn();
    source.on('taskSucceeded', after);
    await source.start();
    expect(await sfn.runTask('sum', {})).toMatchObject({ status: 'SUCCEEDED' });
    await settle();
    expect(after).toHaveBeenCalledTimes(1);
    await stopped(source);
  });
});
