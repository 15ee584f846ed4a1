import { createStepFuncSource } from 'stepfunc-source';
import type { StepFuncSourceEvents } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { describe, expect, it } from 'vitest';
import { echo, hang, json, startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';
import { useServedFake } from '../support/integration/served-fake.js';

// The whole way: the source's own SDK clients, a server behind a port, a component behind another.
// One server for all, an activity a test.

const server = useServedFake();

describe.concurrent('a source on its own clients', () => {
  it('T1, T2: takes a task to the component and its answer back, by fetch in one line', async () => {
    await using component = await startComponent(json({ sum: 3 }));
    const source = createStepFuncSource(
      { activityName: 'fetched', path: '/step/sum?x=1' },
      (request, signal) => fetch(`${component.url}${request.path}`, { ...request, signal }),
    );
    await source.start();
    const input = '{"text":"ü € 😀",  "n":1.0}';
    const outcome = await server.sfn.runTask('fetched', input);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '{"sum":3}' });
    expect(component.requests).toMatchObject([
      {
        method: 'POST',
        path: '/step/sum?x=1',
        headers: { 'content-type': 'application/json' },
        body: input,
      },
    ]);
    // AWS has the result a moment before the source knows.
    await until(() => expect(source.status()).toMatchObject({ received: 1, succeeded: 1 }));
    expect(source.status()).toMatchObject({
      state: 'running',
      activityArn: server.sfn.activityArn('fetched'),
    });
    const summary = { succeeded: 0, failed: 0, abandonedPolls: 0, lost: 0 };
    expect(await source.stop()).toEqual(summary);
    expect(source.status()).toMatchObject({ state: 'stopped', received: 1, succeeded: 1, lost: 0 });
    expect(server.sfn.openPolls('fetched')).toBe(0);
  });

  it('T1, T2: the same by httpInvoke, with the largest input and output that there are', async () => {
    await using component = await startComponent(echo);
    const config = { activityName: 'largest', path: '/' };
    await using source = createStepFuncSource(config, httpInvoke(component.url));
    await source.start();
    const input = JSON.stringify('ü'.repeat(131_071));
    expect(Buffer.byteLength(input)).toBe(262_144);
    const outcome = await server.sfn.runTask('largest', input);
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: input });
  });

  it('T3: reports what the component says of its failure', async () => {
    await using component = await startComponent(({ body }, response) => {
      const headers = { 'step-func-error': 'NoStock', 'step-func-cause': 'none left' };
      response.writeHead(500, body === '1' ? headers : {}).end('out of order');
    });
    const config = { activityName: 'failing', path: '/' };
    await using source = createStepFuncSource(config, (request, signal) =>
      fetch(component.url, { ...request, signal }),
    );
    await source.start();
    expect(await server.sfn.runTask('failing', 1)).toEqual({
      status: 'FAILED',
      error: 'NoStock',
      cause: 'none left',
    });
    expect(await server.sfn.runTask('failing', 2)).toEqual({
      status: 'FAILED',
      error: 'StepFuncSource.Http500',
      cause: 'out of order',
    });
  });

  it('T4: a component that does not answer in time loses its request, not its task', async () => {
    await using component = await startComponent(hang);
    const config = { activityName: 'hanging', path: '/', invokeTimeoutMs: 500 };
    await using source = createStepFuncSource(config, httpInvoke(component.url));
    await source.start();
    expect(await server.sfn.runTask('hanging', 1)).toEqual({
      status: 'FAILED',
      error: 'StepFuncSource.Timeout',
      cause: 'The component did not answer within 500 ms (invokeTimeoutMs)',
    });
    expect(component.requests).toHaveLength(1);
    await until(() => expect(component.unanswered()).toBe(0));
  });

  it('T8: heartbeats keep a task open beyond its HeartbeatSeconds', async () => {
    let answer: () => void = () => undefined;
    await using component = await startComponent((_, response) => {
      answer = () => response.end('"at last"');
    });
    const config = { activityName: 'beating', path: '/', heartbeatIntervalMs: 100 };
    await using source = createStepFuncSource(config, httpInvoke(component.url));
    await source.start();
    const receivedAt = performance.now();
    const outcome = server.sfn.runTask('beating', 1, { heartbeatSeconds: 3 });
    await until(() => expect(performance.now() - receivedAt).toBeGreaterThan(3_500));
    answer();
    expect(await outcome).toEqual({ status: 'SUCCEEDED', output: '"at last"' });
    await source.stop();
    expect(source.status()).toMatchObject({ succeeded: 1, heartbeatsFailed: 0 });
  });

  it('T7, T8: a task that is over at AWS aborts the request, and nothing more is sent', async () => {
    await using component = await startComponent(hang);
    const reasons: unknown[] = [];
    const invoke = httpInvoke(component.url);
    const source = createStepFuncSource(
      { activityName: 'closed', path: '/', heartbeatIntervalMs: 50 },
      (request, signal) => {
        signal.addEventListener('abort', () => reasons.push(signal.reason));
        return invoke(request, signal);
      },
    );
    const lost: StepFuncSourceEvents['taskLost'][] = [];
    source.on('taskLost', (event) => lost.push(event));
    await source.start();
    const execution = new AbortController();
    const outcome = server.sfn.runTask('closed', 1, { signal: execution.signal });
    await until(() => expect(component.unanswered()).toBe(1));
    execution.abort();
    expect(await outcome).toEqual({ status: 'ABORTED' });
    await until(() => expect(component.unanswered()).toBe(0));
    await until(() => expect(lost).toMatchObject([{ poller: 0, reason: 'closed' }]));
    expect(reasons).toMatchObject([{ name: 'AbortError', code: 'closed' }]);
    expect(await source.stop()).toMatchObject({ succeeded: 0, failed: 0 });
    expect(source.status()).toMatchObject({ received: 1, lost: 1, succeeded: 0, failed: 0 });
  });

  it('T4, T9: tasks of an invoke that never settles are failed, and the next ones run', async () => {
    await using source = createStepFuncSource(
      { activityName: 'unsettled', path: '/', invokeTimeoutMs: 50 },
      ({ body }) =>
        body === '1' ? new Promise(() => undefined) : Promise.resolve(new Response(body)),
    );
    await source.start();
    const outcomes = [1, 2].map((input) => server.sfn.runTask('unsettled', input));
    expect(await Promise.all(outcomes)).toMatchObject([
      { status: 'FAILED', error: 'StepFuncSource.Timeout' },
      { status: 'SUCCEEDED', output: '2' },
    ]);
  });

  it('starts again after a stop, on clients that are new', async () => {
    await using component = await startComponent(echo);
    const config = { activityName: 'again', path: '/' };
    const source = createStepFuncSource(config, httpInvoke(component.url));
    for (const input of ['1', '2', '3']) {
      await source.start();
      const outcome = await server.sfn.runTask('again', input);
      expect(outcome).toEqual({ status: 'SUCCEEDED', output: input });
      await source.stop();
    }
    expect(source.status()).toMatchObject({ state: 'stopped', received: 3, succeeded: 3 });
  });
});
