import { setTimeout as sleep } from 'node:timers/promises';
import type { FakeSfnServer } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Process } from '../support/integration/process.js';
import { killProcesses, startProcess } from '../support/integration/process.js';
import { until } from '../support/integration/until.js';

/** As short-polls.ts has it. */
const POLL_TIMEOUT_MS = 2_000;

// The server is in this process and the pollers are in another: a blocked loop answers no poll.

let server: FakeSfnServer;
let worker: Process;

beforeEach(async () => {
  server = await startFakeSfnServer({ longPollMs: 60_000, loseTasksOfAbortedPolls: false });
  worker = startProcess('short-polls.ts', server.endpoint, { componentUrl: '' });
});
afterEach(async () => {
  worker.signal('SIGKILL');
  await worker.ended;
  await server.close();
});
afterAll(killProcesses);

const failures = () => worker.said().filter((line) => line === 'pollFailed').length;

/** Waits until both polls have failed at their bound and were just sent again. */
async function bothPollsAreFresh(): Promise<void> {
  await until(() => expect(failures()).toBe(2));
  await until(() => expect(server.sfn.calls('GetActivityTask')).toBe(4));
  await until(() => expect(server.sfn.openPolls('sum')).toBe(2));
}

describe('T12: a poll whose time limit passes while the process is blocked', () => {
  it('is not lost with an event loop that a task keeps busy', async () => {
    await bothPollsAreFresh();
    const blocking = server.sfn.runTask('sum', { blockMs: 2 * POLL_TIMEOUT_MS });
    await until(() => expect(worker.said()).toContain('taskReceived'));
    const other = server.sfn.runTask('sum', { n: 2 }, { timeoutSeconds: 30 });
    expect(await other).toMatchObject({ status: 'SUCCEEDED' });
    expect(await blocking).toMatchObject({ status: 'SUCCEEDED' });
    expect(failures()).toBe(2);
  });

  it('is not lost with a process that is stopped and goes on', async () => {
    await bothPollsAreFresh();
    worker.signal('SIGSTOP');
    const outcomes = [1, 2].map((n) => server.sfn.runTask('sum', { n }, { timeoutSeconds: 30 }));
    await sleep(2 * POLL_TIMEOUT_MS);
    worker.signal('SIGCONT');
    for (const outcome of await Promise.all(outcomes)) {
      expect(outcome).toMatchObject({ status: 'SUCCEEDED' });
    }
    expect(failures()).toBe(2);
  });
});
