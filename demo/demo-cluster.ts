/**
 * The demo of the cluster-wide limit: three processes share one `maxConcurrency`. One is killed, and
 * others take over what it held; a fourth is started in its place; one is stopped; all are stopped.
 *
 *     npm run demo:cluster                   about half a minute, on this machine alone
 *     npm run demo:cluster -- --ttl 1500     with shorter leases, and less patience
 */
import { setTimeout as pass } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import type { Instance } from './cluster/instance.js';
import { launch } from './cluster/instance.js';
import { limits, pollers } from './cluster/limits.js';
import { startLoad } from './cluster/load.js';
import type { Screen } from './cluster/screen.js';
import { openScreen } from './cluster/screen.js';
import type { Stage } from './cluster/stage.js';
import { setStage } from './cluster/stage.js';

const ttlMs = readTtl();
const interruption = new AbortController();
process.once('SIGINT', () => interruption.abort());
const { signal } = interruption;

const stage = await setStage(ttlMs);
const load = startLoad(stage.sfn, (2 * ttlMs) / 1_000, signal);
const instances: Instance[] = [];

console.log(stage.description);
console.log(
  `${limits.maxConcurrency} tasks at a time over all instances: ${pollers} pollers of ${limits.concurrencyPerPoller}; a lease lives for ${ttlMs / 1_000} s\n`,
);
const screen = openScreen(instances, () => ({ atWork: stage.atWork(), done: load.done() }));
try {
  await play(screen, stage);
} catch (error) {
  if (signal.aborted) {
    process.exitCode = 130;
  } else {
    interruption.abort();
    throw error;
  }
} finally {
  await end(screen, stage);
}

async function play({ say }: Screen, { most }: Stage): Promise<void> {
  const [one, two, three] = [add('one'), add('two'), add('three')];
  await Promise.all([one.loaded, two.loaded, three.loaded]);
  say('--- three instances are started together: they share the pollers');
  for (const instance of [one, two, three]) instance.start();
  await allHeld();
  await pause(1.5);

  const four = add('four');
  await four.loaded;
  const victim = holderOfMost([one, two, three]);
  const held = victim.pollers().map(({ poller }) => poller);
  const bound = seconds((ttlMs * 4) / 3);
  say(
    `--- ${victim.name} is killed (kill -9): ${pollersText(held)} must run elsewhere within ${bound}`,
  );
  const killedAt = performance.now();
  victim.kill();
  await allHeld();
  say(`--- all pollers run again, after ${seconds(performance.now() - killedAt)}`);
  await pause(0.5);

  say('--- four is started in its place: no poller is left for it, so it stands by');
  four.start();
  await pause(1.5);

  const leaver = holderOfMost([one, two, three]);
  say(`--- ${leaver.name} is stopped: it ends its tasks, then gives its pollers back at once`);
  leaver.stop();
  await leaver.ended;
  await allHeld();
  await pause(1.5);
  say(
    `--- there were ${most()} tasks at the component at most, of ${limits.maxConcurrency} allowed`,
  );
}

async function end({ say, close }: Screen, { close: closeStage }: Stage): Promise<void> {
  say(`--- ${signal.aborted ? '' : 'the last tasks run, then '}all instances are stopped`);
  await load.finish();
  const running = instances.filter(({ state }) => state() !== 'killed');
  for (const instance of running) instance.stop();
  const codes = await Promise.all(running.map(({ ended }) => ended));
  close();
  console.log(
    `\n${load.done()} tasks done; ${load.retried()} were lost with the one that was killed, and run again by a Retry once they had timed out`,
  );
  console.log(`exit codes of those that were stopped: ${codes.join(', ')}`);
  if (codes.some((code) => code !== 0)) process.exitCode ??= 1;
  await closeStage();
}

function add(name: string): Instance {
  const instance = launch(name, stage, (what) => screen.say(what));
  instances.push(instance);
  return instance;
}

/** Resolves once every poller is with somebody; rejects where that takes longer than it ever may. */
async function allHeld(): Promise<void> {
  const held = () => instances.flatMap((instance) => instance.pollers()).length;
  const endsAt = performance.now() + Math.max(10 * ttlMs, 60_000);
  while (held() < pollers) {
    if (performance.now() > endsAt) throw new Error(`${held()} of ${pollers} pollers are held`);
    await pass(50, undefined, { signal });
  }
}

function holderOfMost(among: readonly [Instance, ...Instance[]]): Instance {
  return among.reduce((best, one) => (one.pollers().length > best.pollers().length ? one : best));
}

function pollersText(held: readonly number[]): string {
  return `poller${held.length === 1 ? '' : 's'} ${held.join(' and ')}`;
}

function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(1)} s`;
}

function pause(ttls: number): Promise<void> {
  return pass(ttls * ttlMs, undefined, { signal });
}

function readTtl(): number {
  const { values } = parseArgs({ options: { ttl: { type: 'string', default: '3000' } } });
  const ttl = Number(values.ttl);
  if (Number.isInteger(ttl) && ttl >= 1_000) return ttl;
  throw new Error(`--ttl: expected a whole number of milliseconds from 1,000, got ${values.ttl}`);
}
