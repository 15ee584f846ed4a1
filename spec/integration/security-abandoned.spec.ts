import { createStepFuncSource } from 'stepfunc-source';
import { FakeSfn } from 'stepfunc-source/testing';
import { describe, expect, it } from 'vitest';
import { startRawServer } from '../support/integration/raw-server.js';
import { until } from '../support/integration/until.js';

const TASKS = 5;
const ok = 'HTTP/1.1 200 OK\r\n\r\n';
const silence = Array<string>(50).fill('');

describe('behind an invoke that ignores its signal', () => {
  it.each([
    ['begins and never ends', [ok], '1'],
    ['begins late and never ends', [...silence, ok], '1'],
    ['begins and falls silent', [`${ok}1`], ''],
  ])('S3, T9: an answer that %s is not read for ever', async (_, first, then) => {
    await using component = await startRawServer(
      function* () {
        yield* first;
        for (;;) yield then;
      },
      { paceMs: 20 },
    );
    const sfn = new FakeSfn({ longPollMs: 10 });
    const slots = { maxConcurrency: TASKS, concurrencyPerPoller: TASKS };
    const source = createStepFuncSource(
      { activityName: 'sum', path: '/', invokeTimeoutMs: 300, ...slots },
      (request) => fetch(component.url + request.path, request),
      { client: sfn },
    );
    await source.start();
    const outcomes = Array.from({ length: TASKS }, () => sfn.runTask('sum', 1));
    for (const outcome of await Promise.all(outcomes)) {
      expect(outcome).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.Timeout' });
    }
    await source.stop();
    await until(() => expect(component.unanswered()).toBe(0));
  });
});
