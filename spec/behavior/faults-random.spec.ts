import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, beforeEach, expect, it, vi } from 'vitest';
import { createStepFuncSource } from '../../lib/index.js';
import type { StepFuncSource } from '../../lib/index.js';
import { FakeSfn } from '../../lib/testing/index.js';
import type { Ledger } from '../support/faults-ledger.js';
import { createLedger } from '../support/faults-ledger.js';
import type { Chance } from '../support/faults-seeded.js';
import { createChance, mulberry32 } from '../support/faults-seeded.js';
import type { Order } from '../support/faults-support.js';
import { createComponent, everySlotRuns, pass } from '../support/faults-support.js';
import { createWeather } from '../support/faults-weather.js';
import { config } from '../support/source-on-fake.js';

const TASKS = 10_000;
/** Tasks that are scheduled and have not ended: twice as many as there are slots. */
const OUTSTANDING = 80;
const slots = { maxConcurrency: 40, concurrencyPerPoller: 8 };

const builtIn = Math.random;
beforeEach(() => void vi.useFakeTimers());
afterEach(() => {
  Math.random = builtIn;
  expect(vi.getTimerCount()).toBe(0);
  vi.useRealTimers();
});

setFlagsFromString('--expose-gc');
const collectGarbage = runInNewContext('gc') as () => void;

function heapInUse(): number {
  collectGarbage();
  return process.memoryUsage().heapUsed;
}

/** One task of any kind, with clocks of any kind, of an execution that may be stopped. */
async function runOne(
  number: number,
  sfn: FakeSfn,
  ledger: Ledger,
  { random, oneOf }: Chance,
): Promise<void> {
  const order: Order = {
    does: oneOf('succeed', 'succeed', 'succeed', 'succeed', 'fail', 'throw', 'nonsense', 'never'),
    takesMs: oneOf(0, 0, 50, 500, 3_000, 9_000, 20_000),
  };
  const timeoutSeconds = oneOf(120, 120, 120, 120, 5);
  const heartbeatSeconds = oneOf(undefined, undefined, undefined, 8);
  const execution = new AbortController();
  const stop = () => execution.abort();
  const stopping = random() < 0.02 ? setTimeout(stop, 15_000 * random()) : undefined;
  ledger.scheduled(number, order);
  const input = { ...order, number };
  const { signal } = execution;
  ledger.ended(
    number,
    await sfn.runTask('sum', input, { timeoutSeconds, heartbeatSeconds, signal }),
  );
  clearTimeout(stopping);
}

/** As a supervisor would. */
async function startAtLast(source: StepFuncSource): Promise<void> {
  try {
    await source.start();
  } catch {
    await startAtLast(source);
  }
}

it(`T6, T7, P1: of ${TASKS} tasks, under every fault at random, each is reported once or emitted as lost`, async () => {
  const chance = createChance();
  // Jitter is at random too.
  Math.random = mulberry32(chance.seed + 1);
  const sfn = new FakeSfn({ longPollMs: 20_000 });
  const weather = createWeather(sfn, chance.random);
  const ledger = createLedger();
  const source = createStepFuncSource(
    { ...config, ...slots, invokeTimeoutMs: 10_000, heartbeatIntervalMs: 5_000 },
    ledger.watch(createComponent()),
    { client: sfn },
  );
  ledger.listen(source);
  await pass(startAtLast(source));

  let scheduled = 0;
  let ended = 0;
  const heap: number[] = [];
  const onEnded = () => {
    ended += 1;
    if (ended === TASKS / 5 || ended === TASKS) heap.push(heapInUse());
  };
  for (let second = 0; ended < TASKS && second < 20_000; second += 1) {
    // Mostly fair, now and then a storm, and an activity that is gone for some seconds.
    if (second % 20 === 0) weather.set(chance.oneOf(0.3, 1, 1, 1, 3, 20));
    if (second % 300 === 290) sfn.deleteActivity('sum');
    if (second % 300 < 290) {
      for (; scheduled < TASKS && scheduled - ended < OUTSTANDING; scheduled += 1) {
        void runOne(scheduled, sfn, ledger, chance).then(onEnded);
      }
    }
    await vi.advanceTimersByTimeAsync(1_000);
  }
  expect(ended).toBe(TASKS);
  expect(weather.sawHotLoop()).toBe(false);
  // A poll, a report and a heartbeat a task, and as much again for what failed.
  expect(sfn.calls()).toBeLessThan(6 * TASKS);

  weather.clear();
  // Polls that are under way have their fate already.
  await vi.advanceTimersByTimeAsync(75_000);
  await everySlotRuns(source, sfn);
  expect(ledger.wrong).toEqual([]);
  expect(ledger.unemitted()).toBe(0);
  // Tasks that the component has not seen are emitted as polls that failed.
  const vanished = ledger.unseen().filter((status) => status === 'TIMED_OUT').length;
  expect(vanished).toBeLessThanOrEqual(weather.pollsLost());
  expect(weather.pollsLost()).toBeLessThanOrEqual(source.status().pollsFailed);
  const { received, succeeded, failed, lost } = source.status();
  expect(Math.min(succeeded, failed, lost)).toBeGreaterThan(0);
  expect(received).toBeGreaterThan(TASKS * 0.9);
  expect((heap[1] ?? Infinity) - (heap[0] ?? 0)).toBeLessThan(4 * 1024 * 1024);
}, 120_000);
