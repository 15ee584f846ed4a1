import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { createServer } from 'node:net';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { json, startComponent } from '../support/integration/component.js';
import type { Process } from '../support/integration/process.js';
import { killProcesses, startProcess } from '../support/integration/process.js';
import { until } from '../support/integration/until.js';

afterAll(killProcesses);

/** A second, on a machine that has nothing else to do. Without S4 it is 4 s and more. */
const MOST_MS = 3_500;

/** Milliseconds from the stop to the end of the process, less what Node itself takes to end. */
async function endAfterStop(process: Process): Promise<number> {
  process.tell('stop');
  const { code, stderr } = await process.ended;
  const ended = Date.now();
  expect([code, stderr]).toEqual([0, '']);
  const stopped = /^stopped (\d+)$/.exec(process.said().at(-1) ?? '')?.[1];
  return ended - Number(stopped);
}

/** An address whose SYNs nobody answers: a listener that accepts nothing, with its backlog full. */
async function startFullBacklog(): Promise<string> {
  const server = createServer();
  server.listen({ port: 0, host: '127.0.0.1', backlog: 1 });
  await once(server, 'listening');
  onTestFinished(() => void server.close());
  return `http://10.255.255.1:${(server.address() as AddressInfo).port}`;
}

describe('a process whose source has stopped', () => {
  it('S4: ends within a second, with connections that were never made', async () => {
    const service = startProcess('stop-process.ts', await startFullBacklog(), { componentUrl: '' });
    // It has nothing to say before it has a connection.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await endAfterStop(service)).toBeLessThan(MOST_MS);
  });

  it('S4: ends within a second, with a report that AWS asks to be sent in a minute', async () => {
    await using aws = await startComponent((request, response) => {
      const target = String(request.headers['x-amz-target']);
      if (target.endsWith('CreateActivity')) {
        return json({ activityArn: 'arn:aws:states:us-east-1:123456789012:activity:sum' })(
          request,
          response,
        );
      }
      if (target.endsWith('GetActivityTask')) {
        return json({ taskToken: 'token', input: '1' })(request, response);
      }
      return response
        .writeHead(400, {
          'content-type': 'application/x-amz-json-1.0',
          'retry-after': '60',
        })
        .end(JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }));
    });
    const service = startProcess('stop-process.ts', aws.url, { componentUrl: '' });
    await until(() => expect(service.said()).toContain('received'));
    await until(() => expect(aws.requests.some((r) => isReport(r.headers))).toBe(true));
    expect(await endAfterStop(service)).toBeLessThan(MOST_MS);
  });

  it('S4: ends within a second, with a poll that is held', async () => {
    await using server = await startFakeSfnServer({ longPollMs: 60_000 });
    const service = startProcess('stop-process.ts', server.endpoint, { componentUrl: '' });
    await until(() => expect(server.sfn.openPolls()).toBe(1));
    expect(await endAfterStop(service)).toBeLessThan(MOST_MS);
  });
});

function isReport(headers: NodeJS.Dict<string | string[]>): boolean {
  return String(headers['x-amz-target']).includes('SendTask');
}
