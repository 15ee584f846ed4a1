import type { Random } from './engine/random.js';
import { hashOf, createRandom } from './engine/random.js';
import { installGlobals } from './engine/globals.js';
import { countListeners } from './engine/listeners.js';
import type { Universe } from './engine/universe.js';
import { createUniverse } from './engine/universe.js';
import { Violation } from './judge/violation.js';
import type { Happening, Plan } from './plan.js';
import { createAws } from './world/aws.js';
import { createCluster } from './world/cluster.js';
import { warmUp } from './world/dispatcher.js';
import { createDynamoDb } from './world/dynamodb.js';
import type { LockStore } from './world/lock-store.js';
import { createLockStore } from './world/lock-store.js';

export interface Result {
  violation: Violation | undefined;
  /** Two runs that differ differ in this: a run is the same again if this is. */
  fingerprint: number;
  /** What happened, line by line; empty unless it was asked for. */
  timeline: string[];
  simulatedMs: number;
}

/** Once faults have ceased, everything is done and well within this. */
const PATIENCE_MS = 900_000;

/** Runs a plan from its beginning to the end of every instance. */
export async function simulate(plan: Plan, record = false): Promise<Result> {
  const timeline: string[] = [];
  let fingerprint = 0;
  let violation: Violation | undefined;
  const universe = createUniverse();
  const random = createRandom(`world/${plan.seed}`);

  const line = {
    note(who: string, what: string): void {
      fingerprint = hashOf(`${universe.now()} ${who} ${what}`, fingerprint);
      if (record)
        timeline.push(
          `${(universe.now() / 1_000).toFixed(3).padStart(9)}  ${who.padEnd(6)}  ${what}`,
        );
    },
    broken(rule: string, message: string): void {
      violation ??= new Violation(rule, message);
      line.note('JUDGE', violation.message);
    },
  };
  const unhandled = (error: unknown) => {
    line.broken(
      'S3: no unhandled rejection',
      error instanceof Error ? String(error.stack) : String(error),
    );
  };

  if (plan.ownClients) await warmUp();
  const putBack = installGlobals((machine, what) => {
    // The SDK has no other.
    if (plan.ownClients) return;
    line.broken('one clock', `${machine.name} uses ${what}, past the clock of its source`);
  });
  const listeners = plan.countsListeners ? countListeners() : undefined;
  // A stack trace costs more than most steps. Who replays a seed is shown them.
  const { stackTraceLimit } = Error;
  if (!record) Error.stackTraceLimit = 0;
  process.on('unhandledRejection', unhandled);
  try {
    const aws = createAws(universe, random.fork('aws'));
    const store = storeOf(plan, universe, random.fork('store'));
    const cluster = createCluster(
      { universe, random, aws, store, line, listeners, ownClients: plan.ownClients },
      plan,
    );
    for (const happening of plan.happenings) {
      universe.at(happening.at, () => {
        line.note('WORLD', formatHappening(happening));
        cluster.perform(happening);
      });
    }
    cluster.watch();
    const { lockTtlMs = 0 } = plan.config;
    const patienceMs =
      PATIENCE_MS + (plan.locks?.hasMembers === true ? 10 * (2 * lockTtlMs + 60_000) : 0);
    const over = () => violation !== undefined;

    await universe.run(plan.calmAt, over);
    if (!over()) {
      universe.at(universe.now(), cluster.calm);
      await universe.run(universe.now() + patienceMs, () => over() || cluster.isDone());
    }
    if (!over()) cluster.checkDone();
    if (!over()) {
      universe.at(universe.now(), cluster.stopAll);
      await universe.run(universe.now() + PATIENCE_MS, () => over() || cluster.isStopped());
    }
    if (!over()) {
      // Whatever is left has a little time to show.
      await universe.run(universe.now() + 2_000, over);
      cluster.checkStopped();
    }
    cluster.abandon();
    await universe.run(universe.now());
  } finally {
    putBack();
    listeners?.uninstall();
    Error.stackTraceLimit = stackTraceLimit;
    process.off('unhandledRejection', unhandled);
  }
  return { violation, fingerprint, timeline, simulatedMs: universe.now() };
}

function storeOf({ locks }: Plan, universe: Universe, random: Random): LockStore | undefined {
  if (locks === undefined) return undefined;
  return locks.isDynamoDb === true
    ? createDynamoDb(universe, random)
    : createLockStore(universe, random, locks);
}

export function formatHappening(happening: Happening): string {
  const { kind, ...rest } = happening;
  return `${kind} ${JSON.stringify({ ...rest, at: undefined })}`;
}
