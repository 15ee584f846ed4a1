import { afterAll, beforeAll, describe, expect, it, onTestFinished, vi } from 'vitest';
import type { RunningEngine } from './engines.js';
import { engines } from './engines.js';
import { startHolder } from './start-holder.js';

/** A busy machine may stall for as long as a shorter lease lives. */
const ttlMs = 3_000;
const peacefully = { code: 0, complaints: '' };
vi.setConfig({ testTimeout: 120_000 });
const until = (assertion: () => unknown) => vi.waitFor(assertion, { timeout: 60_000, interval: 5 });

// One after the other: twelve processes that start at once take a busy machine minutes.
describe.each(engines)('a process of its own, on $name', (engine) => {
  let store: RunningEngine;
  beforeAll(async () => {
    store = await engine.start();
  });
  afterAll(() => store.stop());

  // Of this run alone: a real server may serve another one at the same time.
  const nameOf = (test: string) => `${test}:${process.pid}:${Date.now()}`;

  async function holderOf(name: string) {
    const { network, connection } = await store.network();
    const holder = startHolder(connection, { names: [name], ttlMs });
    onTestFinished(() => holder.kill('SIGKILL'));
    return { network, ...holder };
  }

  it('L8, L9: ends by itself once stopped, its lease given back', async () => {
    const name = nameOf('ends');
    const process_ = await holderOf(name);
    await until(() => expect(process_.said()).toEqual(['acquired']));
    expect(await process_.stop()).toEqual(peacefully);
    expect(process_.said()).toEqual(['acquired', 'released']);
    const { locks } = await store.client();
    expect(await locks.createLock(name, ttlMs).acquireImmediately()).toBe(true);
  });

  it('L9: ends by itself though the store hangs', async () => {
    const process_ = await holderOf(nameOf('hangs'));
    await until(() => expect(process_.said()).toEqual(['acquired']));
    process_.network.hang();
    expect(await process_.stop()).toEqual(peacefully);
    // A pool of SQL may have a connection to spare, which the locks never close.
    const isSql = engine.kind === 'postgresql' || engine.kind === 'mysql';
    const mayHold = isSql ? ['held by TCPSocketWrap'] : [];
    const held = process_.said().filter((word) => word.startsWith('held by'));
    expect(held.filter((word) => !mayHold.includes(word))).toEqual([]);
  });

  it('L2: suspended beyond its lease, it knows the moment it wakes, and takes nothing from the new holder', async () => {
    const name = nameOf('suspended');
    const first = await holderOf(name);
    await until(() => expect(first.said()).toEqual(['acquired']));
    const second = await holderOf(name);
    first.kill('SIGSTOP');
    await until(() => expect(second.said()).toEqual(['acquired']));
    first.kill('SIGCONT');
    await until(() => expect(first.said()).toEqual(['acquired', 'lost', 'released']));
    expect(await first.stop()).toEqual(peacefully);
    expect(second.said()).toEqual(['acquired']);
    expect(await second.stop()).toEqual(peacefully);
  });
});
