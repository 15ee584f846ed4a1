import { expect } from 'vitest';
import { freePort } from '../../support/integration/free-port.js';
import { signatureOf } from '../../support/integration/sigv4.js';
import type { Process } from '../../support/integration/process.js';
import type { Run } from './run.js';
import { beside } from './run.js';
import type { Scene, SceneOptions } from './scene.js';
import { adds, endsWell, holdAnswers, seen, setScene, six, well } from './scene.js';

/** A whole service: a task is run, SIGTERM ends it, and its log has nothing but that. */
export const service: Run = beside('a service', async (block, context) => {
  const scene = await setScene(block, context, {});
  const example = scene.start();
  expect(await scene.runTask(example)).toEqual(six);
  await endsWell(example);
  const log = example.said().join('\n');
  expect(log).toContain('The source is running');
  expect(log).not.toMatch(/fail|lost/i);
});

/** A component: it adds up what a worker sends it. */
export const component: Run = beside('a component', async (block, context) => {
  const port = String(await freePort());
  const scene = await setScene(block, context, { places: { port } });
  const example = scene.start();
  await seen(example, async () => {
    const request = { method: 'POST', body: '[1, 2, 3]', headers: { connection: 'close' } };
    const response = await fetch(`http://localhost:${port}/step/sum`, request);
    expect(await response.text()).toBe('6');
  });
});

export interface Source extends SceneOptions {
  /** What the example does with one task, and whatever else is to be seen of it. */
  act?(scene: Scene, example: Process): Promise<void>;
  /** What is to be seen once it has ended. */
  afterwards?(scene: Scene, example: Process): void;
}

/** A block that makes a source, or has one: it runs a task, and ends at SIGTERM. */
export const source = (given: Source = {}): Run => driven('a source', 'source.ts', given);

/** A block that makes an invoke: a source that has it runs a task, and ends at SIGTERM. */
export const invoke = (given: Source = {}): Run => driven('an invoke', 'invoke.ts', given);

function driven(
  kind: string,
  driver: string,
  { act = addsUp, afterwards, ...options }: Source,
): Run {
  return beside(kind, async (block, context) => {
    const scene = await setScene(block, context, { driver, ...options });
    const example = scene.start();
    await act(scene, example);
    await endsWell(example);
    afterwards?.(scene, example);
  });
}

export async function addsUp(scene: Scene, example: Process): Promise<void> {
  expect(await scene.runTask(example)).toEqual(six);
}

/** The token that the example takes from the environment is sent to the component. */
export const withToken = source({
  env: { COMPONENT_TOKEN: 'secret' },
  act: async (scene, example) => {
    await addsUp(scene, example);
    expect(scene.component.requests[0]?.headers.authorization).toBe('Bearer secret');
  },
});

/** Each request is signed by the credentials of the environment. */
export const signed = source({
  act: async (scene, example) => {
    await addsUp(scene, example);
    const [request] = scene.component.requests;
    if (request === undefined) throw new Error('no request');
    const { accessKeyId, isGood } = signatureOf(request, 'test', ['host', 'x-amz-date']);
    expect([accessKeyId, isGood]).toEqual(['test', true]);
  },
});

/** A failed task is logged. */
export const listener = source({
  driver: 'listener.ts',
  act: async (scene, example) => {
    const outcome = await scene.runTask(example, ['three']);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'NotANumber' });
    const line = /^task \S+ failed with NotANumber after \d+(\.\d+)? ms$/m;
    await seen(example, () => expect(example.said().join('\n')).toMatch(line));
  },
});

/** A task that is answered after the stop has begun is among the finished. */
export const stopped: Run = beside('a stop', async (block, context) => {
  const { handler, count, answerAll } = holdAnswers();
  const scene = await setScene(block, context, { driver: 'stop.ts', handler });
  const example = scene.start();
  const outcome = scene.runTask(example);
  await seen(example, () => expect(count()).toBe(1));
  example.terminate();
  await seen(example, () => expect(example.said()).toContain('stopping'));
  answerAll();
  expect(await outcome).toEqual(six);
  expect(await example.ended).toEqual(well);
  const summary = { succeeded: 1, failed: 0, abandonedPolls: 0, lost: 0 };
  expect(JSON.parse(example.said().at(-1) ?? '')).toEqual(summary);
});

/** One signal makes the source small, and the next large again. */
export const resized: Run = beside('a source with a switch', async (block, context) => {
  const { handler, count, answerAll } = holdAnswers();
  const scene = await setScene(block, context, { driver: 'slots.ts', handler });
  const { sfn } = scene;
  const example = scene.start();
  const runThree = () => Array.from({ length: 3 }, () => scene.runTask(example));

  const atOnce = runThree();
  await seen(example, () => expect(count()).toBe(3));
  answerAll();
  for (const outcome of await Promise.all(atOnce)) expect(outcome).toEqual(six);

  expect(await slotsOf(example)).toEqual([1]);
  // Those that there were before come back.
  await seen(example, () => expect(sfn.openPolls('sum')).toBe(1));
  const inTurn = runThree();
  for (const left of [2, 1, 0]) {
    await seen(example, () => expect(count()).toBe(1));
    expect([sfn.queued('sum'), sfn.openPolls('sum')]).toEqual([left, 0]);
    answerAll();
  }
  for (const outcome of await Promise.all(inTurn)) expect(outcome).toEqual(six);

  expect(await slotsOf(example)).toEqual([20]);
  await endsWell(example);
});

/** The slots of each poller of an example under slots.ts, once it has heard its signal. */
export async function slotsOf(example: Process): Promise<number[]> {
  const lines = () => example.said().filter((line) => line.startsWith('slots:'));
  const before = lines().length;
  await seen(example, () => expect(example.said()).toContain('running'));
  example.signal('SIGUSR2');
  await seen(example, () => expect(lines().length).toBeGreaterThan(before));
  return (lines().at(-1)?.match(/\d+/g) ?? []).map(Number);
}

/** Two activities in one process: what is split is summed, and one SIGTERM stops both. */
export const splitAndSum: Run = beside('a service of two activities', async (block, context) => {
  const scene = await setScene(block, context, {
    driver: 'service.ts',
    handler: (request, response) =>
      request.path === '/step/split'
        ? response.end(JSON.stringify((JSON.parse(request.body) as number[]).map((n) => [n])))
        : adds(request, response),
  });
  const example = scene.start();
  const split = await scene.sfn.runTask('split', [1, 2, 3]);
  expect(split).toEqual({ status: 'SUCCEEDED', output: '[[1],[2],[3]]' });
  const sums = [[1], [2], [3]].map((piece) => scene.runTask(example, piece));
  expect(await Promise.all(sums)).toEqual(
    ['1', '2', '3'].map((output) => ({ status: 'SUCCEEDED', output })),
  );
  await endsWell(example);
});
