import type { TestContext } from 'vitest';
import { afterAll, beforeAll, expect } from 'vitest';
import type { Block } from '../pages.js';
import type { Process } from '../../support/integration/process.js';
import { until } from '../../support/integration/until.js';
import type { Run } from './run.js';
import { alone, beside } from './run.js';
import { endsWell, holdAnswers, seen, setScene, six, well } from './scene.js';
import { slotsOf } from './sources.js';
import type { Store } from './stores.js';
import { startDynamoDb } from './stores.js';

/**
 * A block that makes locks: of two processes one gets the lock, and the other once it is given back.
 * They have what timeouts the page asks for, so nothing else runs beside them.
 */
export const locks = (start: () => Promise<Store>): Run =>
  onStore(start, alone, 'locks', async ({ env }, block, context) => {
    const scene = await setScene(block, context, { driver: 'locks.ts', env });
    // An outside store remembers.
    const name = `stepfunc-source:docs:${process.pid}:${Date.now()}`;
    const [one, other] = [scene.start(name), scene.start(name)];
    expect(await ask(one, 'acquire')).toBe('granted');
    expect(await ask(other, 'acquire')).toBe('refused');
    expect(await ask(one, 'release')).toBe('released');
    expect(await ask(other, 'acquire')).toBe('granted');
    expect(await ask(other, 'release')).toBe('released');
    for (const example of [one, other]) {
      example.write();
      expect(await example.ended).toEqual(well);
    }
  });

async function ask(example: Process, command: string): Promise<string | undefined> {
  const before = example.said().length;
  example.write(command);
  await seen(example, () => expect(example.said().length).toBeGreaterThan(before));
  return example.said().at(-1);
}

/** A block that makes a source with locks, of ten tasks in two pollers: two instances run ten between them. */
export const tenForAll = (): Run =>
  onStore(startDynamoDb, beside, 'a source with locks', async ({ env }, block, context) => {
    const { handler, count, answerAll } = holdAnswers();
    const { sfn, start } = await setScene(block, context, { driver: 'slots.ts', handler, env });
    const instances = [start(), start()];
    for (const instance of instances) {
      await seen(instance, () => expect(instance.said()).toContain('running'));
    }
    const tasks = Array.from({ length: 12 }, () => sfn.runTask('sum', [1, 2, 3]));
    await until(() => expect(count()).toBe(10));
    answerAll();
    await until(() => expect(count()).toBe(2));
    answerAll();
    for (const outcome of await Promise.all(tasks)) expect(outcome).toEqual(six);
    const slots = await Promise.all(instances.map(slotsOf));
    expect(slots.flat()).toEqual([5, 5]);
    for (const instance of instances) await endsWell(instance);
  });

type TestOnStore = (store: Store, block: Block, context: TestContext) => Promise<void>;

/** Starts the store before any example runs: while one starts, this process has no time for others. */
function onStore(
  start: () => Promise<Store>,
  run: typeof beside,
  kind: string,
  test: TestOnStore,
): Run {
  let store: Promise<Store>;
  const { concurrent, register } = run(kind, async (block, context) =>
    test(await store, block, context),
  );
  return {
    concurrent,
    register(block) {
      beforeAll(async () => {
        store = start();
        await store;
      });
      afterAll(async () => (await store).stop());
      register(block);
    },
  };
}
