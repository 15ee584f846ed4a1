import { setTimeout as pause } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { hang } from '../support/integration/component.js';
import type { Handler } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';
import type { StepFunctionsLocal } from './step-functions-local.js';
import { connect } from './step-functions-local.js';
import { startWorker } from './worker.js';

let local: StepFunctionsLocal;
beforeAll(() => void (local = connect()));
afterAll(() => local[Symbol.asyncDispose]());

const one = (task: object) => ({
  StartAt: 'Work',
  States: { Work: { Type: 'Task', TimeoutSeconds: 60, End: true, ...task } },
});

const HEARTBEAT_SECONDS = 3;
/** Works for longer than a task may be silent. */
const slow: Handler = async ({ body }, response) => {
  await pause(2.5 * HEARTBEAT_SECONDS * 1_000);
  response.end(body);
};

describe('HeartbeatSeconds', () => {
  it('T8: is met by heartbeatIntervalMs, however long the component works', async () => {
    const fields = { heartbeatIntervalMs: 1_000 };
    await using worker = await startWorker(local, 'beating', slow, fields);
    const task = { Resource: worker.activityArn, HeartbeatSeconds: HEARTBEAT_SECONDS };
    const { ended } = await local.execute(one(task), 1);
    expect(await ended).toEqual({ status: 'SUCCEEDED', output: '1' });
    expect(worker.heartbeatsFailed).toEqual([]);
    expect(worker.lost).toEqual([]);
  });

  it('T7: runs out without it: the state times out, and the task is emitted as lost', async () => {
    await using worker = await startWorker(local, 'silent', slow);
    const task = { Resource: worker.activityArn, HeartbeatSeconds: HEARTBEAT_SECONDS };
    const { ended } = await local.execute(one(task), 1);
    const { status, error } = await ended;
    expect(['FAILED', 'TIMED_OUT']).toContain(status);
    expect(error ?? 'States.Timeout').toMatch(/^States\.(Heartbeat)?Timeout$/);
    await until(() => expect(worker.lost).toMatchObject([{ reason: 'closed' }]));
  });
});

describe('StopExecution', () => {
  it('T8: aborts the request to the component, and nothing is reported', async () => {
    const fields = { heartbeatIntervalMs: 1_000 };
    await using worker = await startWorker(local, 'stopped', hang, fields);
    const task = { Resource: worker.activityArn, HeartbeatSeconds: 30 };
    const execution = await local.execute(one(task), 1);
    await until(() => expect(worker.component.unanswered()).toBe(1));
    await execution.stop();
    expect(await execution.ended).toMatchObject({ status: 'ABORTED' });
    await until(() => expect(worker.component.unanswered()).toBe(0));
    await until(() => expect(worker.lost).toMatchObject([{ reason: 'closed' }]));
    const { received, succeeded, failed } = worker.source.status();
    expect([received, succeeded, failed]).toEqual([1, 0, 0]);
  });
});

describe('a difference from AWS', () => {
  it('a heartbeat for a state without HeartbeatSeconds is answered TaskTimedOut', async () => {
    const fields = { heartbeatIntervalMs: 1_000 };
    await using worker = await startWorker(local, 'difference', slow, fields);
    const execution = await local.execute(one({ Resource: worker.activityArn }), 1);
    await until(() => expect(worker.lost).toMatchObject([{ reason: 'closed' }]));
    await execution.stop();
    expect(await execution.ended).toMatchObject({ status: 'ABORTED' });
  });
});
