import type { StepFuncSourceEvents } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import type { Invoke } from 'stepfunc-source';
import { describe, expect, it } from 'vitest';
import type { Trouble } from '../support/integration/troubles.js';
import { passingTroubles } from '../support/integration/troubles.js';
import { until } from '../support/integration/until.js';
import { useServedFake } from '../support/integration/served-fake.js';

// One server for all, an activity a test: the seconds of back-off pass for all at once.

const server = useServedFake();

/** The input is the output of `{ "ok": … }`, and the cause of the failure of `{ "no": … }`. */
const component: Invoke = async ({ body }) =>
  body.includes('"no"') ? new Response(body, { status: 500 }) : new Response(body);

function sourceOf(activityName: string, fields: { heartbeatIntervalMs?: number } = {}) {
  const source = createStepFuncSource({ activityName, path: '/', ...fields }, component);
  const succeeded: StepFuncSourceEvents['taskSucceeded'][] = [];
  const failed: StepFuncSourceEvents['taskFailed'][] = [];
  const lost: StepFuncSourceEvents['taskLost'][] = [];
  source.on('taskSucceeded', (event) => succeeded.push(event));
  source.on('taskFailed', (event) => failed.push(event));
  source.on('taskLost', (event) => lost.push(event));
  return { source, succeeded, failed, lost };
}

const operation = ['SendTaskSuccess', 'SendTaskFailure'] as const;

/** Befalls only the reports that carry `text`. */
function faultReports(text: string, trouble: Trouble, times: number) {
  let met = 0;
  const when = ({ output, cause }: Readonly<Record<string, unknown>>) => {
    const meets = (output ?? cause) === text;
    if (meets) met += 1;
    return meets;
  };
  const end = server.sfn.fault({ ...trouble, operation, times, when });
  return { end, met: () => met };
}

describe.concurrent('a report that fails', () => {
  // One more than the SDK tries by itself.
  const times = 4;

  it.each(passingTroubles)('T6: by %s is sent until AWS takes it', async (what, trouble) => {
    const activityName = `by-${what.replaceAll(' ', '-')}`;
    const text = JSON.stringify({ ok: what });
    faultReports(text, trouble, times);
    const { source, succeeded } = sourceOf(activityName);
    await source.start();
    const outcome = await server.sfn.runTask(activityName, text);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: text });
    await source.stop();
    expect(succeeded).toMatchObject([{ activityName, poller: 0, attempts: times + 1 }]);
    expect(source.status()).toMatchObject({ received: 1, succeeded: 1, lost: 0, pollsFailed: 0 });
  });

  it('T6: holds its slot for as long', async () => {
    const text = JSON.stringify({ ok: 'holds its slot' });
    const { end, met } = faultReports(text, { kind: 'reset' }, Infinity);
    const { source, succeeded } = sourceOf('slot');
    const outcomes = [text, '2'].map((input) => server.sfn.runTask('slot', input));
    await source.start();
    await until(() => {
      expect(source.status().pollers).toMatchObject([{ openPolls: 0, tasks: 1 }]);
      expect(server.sfn.openPolls('slot')).toBe(0);
      expect(met()).toBeGreaterThan(6);
    });
    expect(server.sfn.queued('slot')).toBe(1);
    end();
    expect(await Promise.all(outcomes)).toMatchObject([{ status: 'SUCCEEDED' }, { output: '2' }]);
    await source.stop();
    expect(succeeded).toHaveLength(2);
  });

  it.each([
    ['success', JSON.stringify({ ok: 'lost' }), { status: 'SUCCEEDED' }],
    ['failure', JSON.stringify({ no: 'lost' }), { status: 'FAILED' }],
  ])(
    'T7: a %s whose response is lost is emitted as unknown: AWS took it',
    async (what, text, outcome) => {
      faultReports(text, { kind: 'lostAnswer' }, 1);
      const { source, succeeded, failed, lost } = sourceOf(`lost-${what}`);
      await source.start();
      expect(await server.sfn.runTask(`lost-${what}`, text)).toMatchObject(outcome);
      await source.stop();
      expect(lost).toMatchObject([{ reason: 'unknown' }]);
      expect([...succeeded, ...failed]).toEqual([]);
    },
  );

  it('T7: since the task is over is emitted as closed', async () => {
    const { source, lost } = sourceOf('over');
    const text = JSON.stringify({ ok: 'over' });
    // Long enough for the execution to be stopped meanwhile.
    server.sfn.fault({
      kind: 'latency',
      ms: 500,
      operation: 'SendTaskSuccess',
      when: ({ output }) => output === text,
    });
    const execution = new AbortController();
    await source.start();
    const outcome = server.sfn.runTask('over', text, { signal: execution.signal });
    await until(() => expect(server.sfn.running('over')).toBe(1));
    execution.abort();
    expect(await outcome).toEqual({ status: 'ABORTED' });
    await until(() => expect(lost).toMatchObject([{ reason: 'closed' }]));
    await source.stop();
    expect(source.status()).toMatchObject({ received: 1, succeeded: 0, failed: 0, lost: 1 });
  });

  it('T6: an output that AWS refuses becomes a failure', async () => {
    const text = JSON.stringify({ ok: 'refused' });
    faultReports(text, { kind: 'error', name: 'InvalidOutput' }, 1);
    const { source, failed } = sourceOf('refused');
    await source.start();
    const error = 'StepFuncSource.InvalidOutput';
    expect(await server.sfn.runTask('refused', text)).toMatchObject({ status: 'FAILED', error });
    await source.stop();
    expect(failed).toMatchObject([{ error, attempts: 2 }]);
  });

  it.each(['KmsAccessDeniedException', 'KmsInvalidStateException'])(
    'T6: a failure that meets %s is sent once more, bare',
    async (name) => {
      const text = JSON.stringify({ no: name });
      faultReports(text, { kind: 'error', name }, 1);
      const { source, failed } = sourceOf(`bare-${name}`);
      await source.start();
      expect(await server.sfn.runTask(`bare-${name}`, text)).toEqual({ status: 'FAILED' });
      await source.stop();
      expect(failed).toMatchObject([{ error: 'StepFuncSource.Http500', attempts: 2 }]);
    },
  );
});

describe('a heartbeat that fails', () => {
  it('T8: for a passing reason is emitted, and the task goes on', async () => {
    const { source, succeeded } = sourceOf('beats', { heartbeatIntervalMs: 50 });
    const failures: string[] = [];
    source.on('heartbeatFailed', ({ error }) => failures.push(error));
    const text = JSON.stringify({ ok: 'beats' });
    const { end } = faultReports(text, { kind: 'throttling' }, Infinity);
    const operation = 'SendTaskHeartbeat';
    server.sfn.fault({ kind: 'error', name: 'AccessDenied', status: 403, operation, times: 2 });
    await source.start();
    const outcome = server.sfn.runTask('beats', text);
    // The report is being retried, and the heart beats all the same.
    await until(() => expect(server.sfn.calls(operation)).toBeGreaterThan(4));
    end();
    expect(await outcome).toMatchObject({ status: 'SUCCEEDED' });
    await source.stop();
    expect(failures).toEqual(['AccessDenied', 'AccessDenied']);
    expect(succeeded).toHaveLength(1);
    expect(source.status()).toMatchObject({ heartbeatsFailed: 2, succeeded: 1 });
  });
});
