import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningEngine } from './engines.js';
import { engines } from './engines.js';
import { killHolders, startHolder } from './start-holder.js';

const ttlMs = 1_200;
const peacefully = { code: 0, complaints: '' };
vi.setConfig({ testTimeout: 120_000 });
const until = (assertion: () => unknown) => vi.waitFor(assertion, { timeout: 60_000, interval: 5 });

// One after the other: twelve processes that start at once take a busy machine minutes.
describe.each(engines)('a process of its own, on $name', (engine) => {
  let store: RunningEngine;
  beforeAll(async () => {
    store = await engine.start();
  });
  afterAll(killHolders);
  afterAll(() => store.stop());

  async function holderOf(name: string) {
    const { network, connection } = await store.network();
    return { network, ...startHolder(connection, { names: [name], ttlMs }) };
  }

  it('L8, L9: ends by itself once stopped, its lease given back', async () => {
    const process_ = await holderOf('ends');
    await until(() => expect(process_.said()).toEqual(['acquired']));
    expect(await process_.stop()).toEqual(peacefully);
    expect(process_.said()).toEqual(['acquired', 'released']);
    const { locks } = await store.client();
    expect(await locks.createLock('ends', ttlMs).acquireImmediately()).toBe(true);
  });

  it('L9: ends by itself though the store hangs', async () => {
    const process_ = await holderOf('hangs');
    await until(() => expect(process_.said()).toEqual(['acquired']));
    process_.network.hang();
    expect(await process_.stop()).toEqual(peacefully);
  });

  it('L2: suspended beyond its lease, it knows the moment it wakes, and takes nothing from the new holder', async () => {
    const first = await holderOf('suspended');
    await until(() => expect(first.said()).toEqual(['acquired']));
    const second = await holderOf('suspended');
    first.kill('SIGSTOP');
    await until(() => expect(second.said()).toEqual(['acquired']));
    first.kill('SIGCONT');
    await until(() => expect(first.said()).toEqual(['acquired', 'lost', 'released']));
    expect(await first.stop()).toEqual(peacefully);
    expect(second.said()).toEqual(['acquired']);
    expect(await second.stop()).toEqual(peacefully);
  });
});
