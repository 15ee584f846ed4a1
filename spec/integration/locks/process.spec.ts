import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import type { RunningEngine } from './engines.js';
import { engines } from './engines.js';

const ttlMs = 1_200;
const holder = fileURLToPath(new URL('./holder.ts', import.meta.url));
// Twelve processes start at once, which takes a busy machine its time.
vi.setConfig({ testTimeout: 120_000 });
const until = (assertion: () => unknown) => vi.waitFor(assertion, { timeout: 60_000, interval: 5 });

/** Those of a test that failed go on for ever otherwise. */
const children = new Set<ChildProcess>();
afterAll(() => children.forEach((child) => child.kill('SIGKILL')));

describe.concurrent.each(engines)('a process of its own, on $name', (engine) => {
  let store: RunningEngine;
  beforeAll(async () => {
    store = await engine.start();
  });
  afterAll(() => store.stop());

  async function startHolder(name: string) {
    const { network, connection } = await store.network();
    const child = spawn(
      process.execPath,
      ['--import', 'tsx', holder, JSON.stringify(connection), name, String(ttlMs)],
      // Unhandled rejections and warnings would be here.
      { stdio: ['ignore', 'pipe', 'pipe'], env: { ...process.env, NODE_NO_WARNINGS: '1' } },
    );
    children.add(child);
    let said = '';
    let complaints = '';
    child.stdout.on('data', (text: Buffer) => (said += text.toString()));
    child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
    return {
      network,
      said: () => said.split('\n').filter(Boolean),
      kill: (signal: NodeJS.Signals) => child.kill(signal),
      async stop() {
        const exited = once(child, 'exit');
        child.kill('SIGTERM');
        const [code] = (await exited) as [number | null];
        expect(complaints).toBe('');
        return code;
      },
    };
  }

  it('L8, L9: ends by itself once stopped, its lease given back', async () => {
    const process_ = await startHolder('ends');
    await until(() => expect(process_.said()).toEqual(['acquired']));
    expect(await process_.stop()).toBe(0);
    expect(process_.said()).toEqual(['acquired', 'released']);
    const { locks } = await store.client();
    expect(await locks.createLock('ends', ttlMs).acquireImmediately()).toBe(true);
  });

  it('L9: ends by itself though the store hangs', async () => {
    const process_ = await startHolder('hangs');
    await until(() => expect(process_.said()).toEqual(['acquired']));
    process_.network.hang();
    expect(await process_.stop()).toBe(0);
  });

  it('L2: suspended beyond its lease, it knows the moment it wakes, and takes nothing from the new holder', async () => {
    const first = await startHolder('suspended');
    await until(() => expect(first.said()).toEqual(['acquired']));
    const second = await startHolder('suspended');
    first.kill('SIGSTOP');
    await until(() => expect(second.said()).toEqual(['acquired']));
    first.kill('SIGCONT');
    await until(() => expect(first.said()).toEqual(['acquired', 'lost', 'released']));
    expect(await first.stop()).toBe(0);
    expect(second.said()).toEqual(['acquired']);
    expect(await second.stop()).toBe(0);
  });
});
