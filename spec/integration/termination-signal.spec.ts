import { setTimeout as sleep } from 'node:timers/promises';
import type { TaskOutcome } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { startComponent } from '../support/integration/component.js';
import type { Process, ServiceOrder } from '../support/integration/process.js';
import { killProcesses, startProcess } from '../support/integration/process.js';
import { until } from '../support/integration/until.js';

afterAll(killProcesses);

interface Stage extends AsyncDisposable {
  service: Process;
  /** What comes of the task that the component has. */
  outcome: Promise<TaskOutcome>;
  /** Lets the component answer. */
  answer(): void;
}

/** A service in a process of its own, with one task at its component, which does not answer yet. */
async function withTaskUnderWay(order: Partial<ServiceOrder> = {}): Promise<Stage> {
  const server = await startFakeSfnServer({ longPollMs: 300 });
  const answers: (() => void)[] = [];
  const component = await startComponent(({ body }, response) => {
    answers.push(() => response.end(body));
  });
  const outcome = server.sfn.runTask('sum', 1);
  const service = startProcess('service.ts', server.endpoint, {
    componentUrl: component.url,
    ...order,
  });
  await until(() => expect(answers).toHaveLength(1));
  return {
    service,
    outcome,
    answer: () => answers.forEach((answer) => answer()),
    async [Symbol.asyncDispose]() {
      await component[Symbol.asyncDispose]();
      await server.close();
    },
  };
}

const succeeded = { status: 'SUCCEEDED', output: '1' };
const peacefully = { code: 0, signal: null, stderr: '' };

describe.concurrent('S1: a process that gets a signal to terminate', () => {
  it.each<[string, NodeJS.Signals[], NodeJS.Signals[] | undefined]>([
    ['by SIGTERM twice, as a supervisor and its shell do', ['SIGTERM', 'SIGTERM'], undefined],
    ['by Ctrl-C, which npm passes on a second time', ['SIGINT', 'SIGINT'], undefined],
    ['by SIGUSR2, as nodemon does', ['SIGUSR2', 'SIGUSR2'], ['SIGUSR2', 'SIGTERM']],
  ])('%s: drains, and its exit code is 0', async (_, sent, signals) => {
    await using stage = await withTaskUnderWay(signals === undefined ? {} : { signals });
    const { service, outcome } = stage;
    for (const signal of sent) {
      service.signal(signal);
      await sleep(20);
    }
    await until(() => expect(service.said()).toContain('stopping'));
    stage.answer();
    expect(await outcome).toEqual(succeeded);
    expect(await service.ended).toEqual(peacefully);
  });

  it('exits with 130 at a SIGINT more than 2 s after the first: a person insists', async () => {
    await using stage = await withTaskUnderWay();
    const { service } = stage;
    service.signal('SIGINT');
    await until(() => expect(service.said()).toContain('stopping'));
    await sleep(2_100);
    service.signal('SIGINT');
    expect(await service.ended).toMatchObject({ code: 130, signal: null });
  });
});
