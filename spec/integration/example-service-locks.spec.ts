import { randomInt } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, afterEach, describe, expect, it, vi } from 'vitest';
import { startComponent } from '../support/integration/component.js';
import { logOf, startExampleService } from '../support/integration/example-service.js';
import { killProcesses } from '../support/integration/process.js';
import { until } from '../support/integration/until.js';
import { tableName } from './locks/connect.js';
import type { Engine } from './locks/engines.js';
import { dynamoDb, redis } from './locks/engines.js';

// On a machine with much else to do.
vi.setConfig({ testTimeout: 120_000 });

afterEach(killProcesses);

/** Short leases, so that two instances soon agree. */
const components = `
components:
  app:
    eventsources:
      sum:
        awsstepfunc:
          { activityname: sum, path: /, maxconcurrency: 4, concurrencyperpoller: 2, lockttlms: 3000 }
`;

const folder = mkdtemp(join(tmpdir(), 'components-'));
afterAll(async () => rm(await folder, { recursive: true }));

/** How the service finds a store. */
const settings: [Engine, (url: string) => NodeJS.ProcessEnv][] = [
  [redis, (url) => ({ REDIS_URL: url })],
  [dynamoDb, (url) => ({ LOCK_TABLE: tableName, AWS_ENDPOINT_URL_DYNAMODB: url })],
];

describe.each(settings)('examples/service with locks in $name', (engine, settingsFor) => {
  it('shares one limit between two instances, and one takes over from the other', async () => {
    const store = await engine.start();
    try {
      await twoInstances(settingsFor(store.connection.url));
    } finally {
      await store.stop();
    }
  });
});

async function twoInstances(locks: NodeJS.ProcessEnv): Promise<void> {
  // Leases are named by the activity's ARN. A store that outlives this run remembers them.
  const accountId = String(randomInt(10 ** 11, 10 ** 12));
  await using server = await startFakeSfnServer({ longPollMs: 300, accountId });
  const held: (() => void)[] = [];
  await using component = await startComponent((_, response) => {
    held.push(() => void response.end('1'));
  });
  const file = join(await folder, 'components.yaml');
  await writeFile(file, components);
  const start = () =>
    startExampleService(server.endpoint, component.url, { COMPONENTS: file, ...locks });
  const instances = [await start(), await start()] as const;

  // Two pollers of two slots: the limit of both instances together, however many tasks wait.
  const heldByEach = async () => {
    const metrics = instances.map(async ({ get }) => (await get('/metrics')).text());
    return (await Promise.all(metrics)).map(pollersHeld);
  };
  await until(async () => expect(await heldByEach()).toEqual([1, 1]));
  const outcomes = Array.from({ length: 6 }, () => server.sfn.runTask('sum', []));
  await until(() => expect(held).toHaveLength(4));
  expect(server.sfn.queued('sum')).toBe(2);

  const [{ service: first }, { service: second, get }] = instances;
  first.terminate();
  await until(() => {
    for (const answer of held.splice(0)) answer();
    expect(logOf(first).at(-1)).toMatchObject({ msg: 'All sources have stopped' });
  });
  expect(await first.ended).toEqual({ code: 0, signal: null, stderr: '' });
  await until(async () => expect(pollersHeld(await (await get('/metrics')).text())).toBe(2));
  await until(() => {
    for (const answer of held.splice(0)) answer();
    expect(server.sfn.queued('sum') + server.sfn.running('sum')).toBe(0);
  });
  for (const outcome of await Promise.all(outcomes)) {
    expect(outcome).toEqual({ status: 'SUCCEEDED', output: '1' });
  }

  second.terminate();
  expect(await second.ended).toEqual({ code: 0, signal: null, stderr: '' });
  // A busy machine may keep a call to the store waiting for longer than a sixth of the ttl, and that
  // is written. It must cost no lease.
  const troubles = [first, second]
    .flatMap(logOf)
    .filter(({ level, error }) => level > 30 && error !== 'TimeoutError');
  expect(troubles).toEqual([]);
}

/** Undefined until the first lease is held. */
function pollersHeld(metrics: string): number | undefined {
  const value = /^stepfunc_source_pollers_held\{[^}]*\} (\d+)/m.exec(metrics)?.[1];
  return value === undefined ? undefined : Number(value);
}
