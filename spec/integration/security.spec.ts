import { gzipSync } from 'node:zlib';
import { createStepFuncSource } from 'stepfunc-source';
import type { Invoke } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import type { TaskOutcome } from 'stepfunc-source/testing';
import { FakeSfn } from 'stepfunc-source/testing';
import { describe, expect, it } from 'vitest';
import { echo, startComponent } from '../support/integration/component.js';
import type { RawAnswer } from '../support/integration/raw-server.js';
import { startRawServer } from '../support/integration/raw-server.js';
import { until } from '../support/integration/until.js';
import { peakOf } from '../support/integration/peak.js';

const TIMEOUT_MS = 1_500;
const MEGABYTE = 1024 * 1024;

/** Runs tasks whose component is hostile, all at a time. */
async function outcomesOf(
  invoke: Invoke,
  tasks = 1,
  path = '/step',
  invokeTimeoutMs = 20_000,
): Promise<TaskOutcome[]> {
  const sfn = new FakeSfn({ longPollMs: 10 });
  const slots = { maxConcurrency: tasks, concurrencyPerPoller: tasks };
  const config = { activityName: 'sum', path, invokeTimeoutMs, ...slots };
  await using source = createStepFuncSource(config, invoke, { client: sfn });
  await source.start();
  const outcomes = Array.from({ length: tasks }, () => sfn.runTask('sum', 1));
  return await Promise.all(outcomes);
}

const invokes: [string, (url: string) => Invoke][] = [
  ['httpInvoke', (url) => httpInvoke(url)],
  ['fetch', (url) => (request, signal) => fetch(url + request.path, { ...request, signal })],
];

const answer = (head: string, body = '') =>
  `HTTP/1.1 ${head}\r\ncontent-length: ${Buffer.byteLength(body, 'latin1')}\r\n\r\n${body}`;
const refusal = (error: string) => answer(`500 No\r\nstep-func-error: ${error}`);
const failed = (error: string) => ({ status: 'FAILED', error });
const invokeFailed = failed('StepFuncSource.InvokeFailed');
const succeeded = { status: 'SUCCEEDED', output: '{}' };

const ok = 'HTTP/1.1 200 OK\r\n';
const chunked = `${ok}transfer-encoding: chunked\r\n\r\n`;
function forEver(first: string, then: string) {
  return function* () {
    yield first;
    for (;;) yield then;
  };
}

describe.concurrent.each(invokes)('behind %s, a component that answers', (_, invokeOf) => {
  it.each<[string, RawAnswer, object]>([
    ['a status of 000', answer('000 None', '{}'), invokeFailed],
    ['a status of 099', answer('099 None', '{}'), invokeFailed],
    ['a status of one digit', answer('2 OK', '{}'), invokeFailed],
    ['a status of four digits', answer('2000 OK', '{}'), invokeFailed],
    ['a status of 999', answer('999 Odd', '{}'), failed('StepFuncSource.Http999')],
    [
      'early hints first',
      `HTTP/1.1 103 Soon\r\nlink: x\r\n\r\n${answer('200 OK', '{}')}`,
      succeeded,
    ],
    ['100 Continue, not asked', `HTTP/1.1 100 Go\r\n\r\n${answer('200 OK', '{}')}`, invokeFailed],
    [
      'another protocol',
      'HTTP/1.1 101 Switch\r\nconnection: upgrade\r\nupgrade: x\r\n\r\n',
      invokeFailed,
    ],
    ['no HTTP', 'SSH-2.0-OpenSSH_9.6\r\n', invokeFailed],
    ['twice at once', answer('200 OK', '{}') + answer('200 OK', '"b"'), succeeded],
    ['two lengths', answer('200 OK\r\ncontent-length: 7', '{}'), invokeFailed],
    [
      'a length past all numbers',
      'HTTP/1.1 200 OK\r\ncontent-length: 99999999999999999999\r\n\r\n{}',
      invokeFailed,
    ],
    [
      'a header of 300 KiB',
      answer(`500 No\r\nstep-func-cause: ${'x'.repeat(307_200)}`),
      invokeFailed,
    ],
    ['150,000 headers', answer(`500 No\r\n${'x: y\r\n'.repeat(150_000)}x: y`), invokeFailed],
    ['a line break of LF in its error', refusal('Told\nstep-func-cause: split'), invokeFailed],
    ['a line break of CR in its error', refusal('Told\rstep-func-cause: split'), invokeFailed],
    ['a NUL in its error', refusal('Told\0'), invokeFailed],
    ['an escape in its error', refusal('Told\u001b[2J'), invokeFailed],
    [
      'an error of no known encoding',
      refusal('\u00ff\u00fe\u00c0\u0080'),
      failed('\u00ff\u00fe\u00c0\u0080'),
    ],
    [
      'an error of surrogates in UTF-8',
      refusal('\u00ed\u00a0\u0080'),
      failed('\u00ed\u00a0\u0080'),
    ],
    [
      'T15: its error a thousand times',
      refusal(`E\r\n${'step-func-error: E\r\n'.repeat(999)}x: y`),
      failed('E'),
    ],
    [
      'headers with names of objects',
      answer('500 No\r\n__proto__: x\r\nconstructor: y\r\nget: z'),
      failed('StepFuncSource.Http500'),
    ],
  ])('%s', async (_, bytes, outcome) => {
    await using component = await startRawServer(bytes);
    expect(await outcomesOf(invokeOf(component.url))).toMatchObject([outcome]);
    expect(({} as { x?: unknown }).x).toBeUndefined();
  });

  it('an error folded over lines, which is refused or one line, and no second header', async () => {
    await using component = await startRawServer(refusal('Told\r\n step-func-cause: split'));
    const outcomes = await outcomesOf(invokeOf(component.url));
    // Node's own fetch takes it as one line, unless a newer undici has been loaded before.
    expect([invokeFailed.error, 'Told step-func-cause: split']).toContain(
      outcomes[0]?.status === 'FAILED' ? outcomes[0].error : outcomes[0]?.status,
    );
    expect(outcomes).not.toMatchObject([{ cause: 'split' }]);
  });

  it.each([
    ['a byte of header at a time', forEver(`${ok}x: `, 'x'), 20],
    ['a byte of body at a time', forEver(`${ok}\r\n`, '1'), 20],
    ['hints for ever', forEver('', 'HTTP/1.1 103 Soon\r\nlink: x\r\n\r\n'), undefined],
    ['a chunk whose extension never ends', forEver(`${chunked}1;`, 'x'.repeat(1_000)), undefined],
    ['nothing after its head', forEver(`${ok}content-length: 10\r\n\r\n`, ''), 20],
  ])('T4: %s ends in time', async (_, bytes, paceMs) => {
    await using component = await startRawServer(bytes, paceMs === undefined ? {} : { paceMs });
    const startedAt = performance.now();
    const outcomes = await outcomesOf(invokeOf(component.url), 1, '/step', TIMEOUT_MS);
    expect(outcomes).toMatchObject([failed('StepFuncSource.Timeout')]);
    expect(performance.now() - startedAt).toBeGreaterThanOrEqual(TIMEOUT_MS - 1);
    await until(() => expect(component.unanswered()).toBe(0));
  });

  it.each([
    ['headers without end', forEver(ok, 'x: y\r\n'.repeat(100))],
    ['trailers without end', forEver(`${chunked}1\r\n1\r\n0\r\n`, 'x: y\r\n'.repeat(1_000))],
  ])('%s is cut off', async (_, bytes) => {
    await using component = await startRawServer(bytes);
    expect(await outcomesOf(invokeOf(component.url))).toMatchObject([invokeFailed]);
    await until(() => expect(component.unanswered()).toBe(0));
  });
});

it('httpInvoke sends a request once, whatever is answered', async () => {
  await using component = await startComponent((_, response) => response.writeHead(421).end());
  const outcome = failed('StepFuncSource.Http421');
  expect(await outcomesOf(httpInvoke(component.url))).toMatchObject([outcome]);
  expect(component.requests).toHaveLength(1);
});

describe.each(invokes)('behind %s, ten tasks at a time', (_, invokeOf) => {
  const bomb = gzipSync(Buffer.alloc(100 * MEGABYTE, '7'));
  const gzip = `content-encoding: gzip\r\ncontent-length: ${bomb.length}\r\n\r\n`;

  it.each<[string, RawAnswer]>([
    ['hints for ever', forEver('', 'HTTP/1.1 103 Soon\r\nlink: x\r\n\r\n'.repeat(100))],
    ['a chunk whose extension never ends', forEver(`${chunked}1;`, 'x'.repeat(64_000))],
    ['chunks of a byte each', forEver(chunked, '1\r\n7\r\n'.repeat(10_000))],
    ['a gzip of 100 MB of digits', Buffer.concat([Buffer.from(ok + gzip), bomb])],
    ['megabytes of an error', forEver('HTTP/1.1 500 No\r\n\r\n', 'x'.repeat(64_000))],
  ])('%s cost little memory', async (_, bytes) => {
    await using component = await startRawServer(bytes);
    let outcomes: TaskOutcome[] = [];
    const peak = await peakOf(async () => {
      outcomes = await outcomesOf(invokeOf(component.url), 10, '/step', TIMEOUT_MS);
    });
    expect(outcomes.map(({ status }) => status)).toEqual(Array(10).fill('FAILED'));
    expect(peak).toBeLessThan(10 * 8 * MEGABYTE);
  });
});

describe('the component’s origin', () => {
  const inputs: [string, (url: string) => Invoke][] = [
    ['httpInvoke', (url) => httpInvoke(url)],
    [
      'fetch(base + request.path)',
      (url) => (request, signal) => fetch(url + request.path, { ...request, signal }),
    ],
    [
      'fetch(new URL(request.path, base))',
      (url) => (request, signal) => fetch(new URL(request.path, url), { ...request, signal }),
    ],
  ];

  it.each(inputs)('is all that %s sends to, whatever the path', async (_, invokeOf) => {
    await using component = await startComponent(echo);
    await using elsewhere = await startComponent(echo);
    const { host } = new URL(elsewhere.url);
    for (const path of [
      `/@${host}/step`,
      `/.//${host}/step`,
      `/..//${host}/step`,
      `/step//${host}/`,
      `/%2f%2f${host}/step`,
      `/..\\..\\${host}`,
      `/step?to=//${host}/`,
    ]) {
      const outcome = { status: 'SUCCEEDED', output: '1' };
      expect(await outcomesOf(invokeOf(component.url), 1, path)).toEqual([outcome]);
    }
    expect(component.requests).toHaveLength(7);
    expect(elsewhere.requests).toEqual([]);
  });

  it.each(inputs.slice(0, 2))(
    'is all that %s sends to, even if a path of another host came so far',
    async (_, invokeOf) => {
      await using component = await startComponent(echo);
      await using elsewhere = await startComponent(echo);
      const { host } = new URL(elsewhere.url);
      const rest = { redirect: 'manual' as const, task: 't' };
      for (const path of [`//${host}/step`, `/\\${host}/step`]) {
        const request = { method: 'POST' as const, path, headers: {}, body: '1', ...rest };
        const answered = await invokeOf(component.url)(request, AbortSignal.timeout(TIMEOUT_MS));
        expect(answered.status).toBe(200);
      }
      expect(component.requests).toHaveLength(2);
      expect(elsewhere.requests).toEqual([]);
    },
  );

  it.each<[string, (url: string) => Invoke]>([
    ['httpInvoke', (url) => httpInvoke(url)],
    [
      'fetch with redirect: manual',
      (url) => (request, signal) =>
        fetch(url + request.path, { ...request, signal, redirect: 'manual' }),
    ],
  ])('is not left by %s for a redirect, nor does the input leave it', async (_, invokeOf) => {
    await using elsewhere = await startComponent(echo);
    for (const status of [301, 302, 303, 307, 308]) {
      const head = `${status} Moved\r\nlocation: ${elsewhere.url}/step`;
      await using component = await startRawServer(answer(head));
      expect(await outcomesOf(invokeOf(component.url))).toMatchObject([
        failed(`StepFuncSource.Http${status}`),
      ]);
    }
    expect(elsewhere.requests).toEqual([]);
  });
});
