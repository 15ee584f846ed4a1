import type { LockFactory } from '../../../lib/index.js';
import { dynamoDbLocks } from '../../../lib/locks/dynamodb.js';
import { LOCK_NOT_OWNED } from '../../../lib/locks/types.js';
import type { Machine } from '../engine/machine.js';
import type { Random } from '../engine/random.js';
import type { Universe } from '../engine/universe.js';
import type { Answer, Input, Row } from './dynamodb-table.js';
import { createTable } from './dynamodb-table.js';
import type { LockOperation, LockStore, StoreTrouble } from './lock-store.js';
import type { Link } from './network.js';

/** As docs/cluster.md has it: two attempts, each of a second at most. */
const ATTEMPTS = 2;
const ATTEMPT_MS = 1_000;
/** How far an eventually consistent read may lag. */
const LAG_MS = 100;
const STALE_MS = 4_000;

/** A table of DynamoDB, behind the library's own locks. It forgets nothing and has no clock. */
export function createDynamoDb(universe: Universe, random: Random): LockStore {
  const table = createTable(universe, (name, { item, machine: from, writtenAt }, machine) => {
    const earlyMs = writtenAt + Number(item['ttlMs']?.N) - universe.now();
    if (earlyMs > 0) store.onTakenEarly(`${machine} takes ${name} of ${from}`, earlyMs);
  });
  let trouble: StoreTrouble | undefined;
  let troubleUntil = 0;
  let owners = 0;

  const troubleNow = () => (universe.now() < troubleUntil ? trouble : undefined);

  function lagMs(): number {
    if (troubleNow() === 'readsStale') return STALE_MS;
    return random.chance(0.1) ? random.between(0, LAG_MS) : 0;
  }

  /** What comes back of a call; undefined: nothing does. */
  function answer(operation: string, input: Input, machine: string): Answer | undefined {
    switch (troubleNow()) {
      case 'hangs':
        return undefined;
      case 'fails':
        return { error: serverError('InternalServerError', 500) };
      case 'failsLate':
        table.perform(operation, input, machine, 0);
        return {
          error: serverError('InternalServerError', 500),
          afterMs: random.between(500, 3_000),
        };
      case 'readOnly':
        return { error: serverError('ProvisionedThroughputExceededException', 400) };
      default:
        return table.perform(operation, input, machine, lagMs());
    }
  }

  /** Sends a command as the SDK does: again, if there is no answer or none that is the table's. */
  function send(command: object, machine: Machine, link: Link): Promise<unknown> {
    const { name } = command.constructor;
    const { input } = command as { input: Input };
    return new Promise((resolve, reject) => {
      const attempt = (left: number): void => {
        let over = false;
        const fail = (error: Error) => {
          if (over) return;
          over = true;
          const isFinal = left === 1 || error.name === 'ConditionalCheckFailedException';
          if (isFinal) reject(error);
          else attempt(left - 1);
        };
        const call = link.call(
          300,
          (reply) => {
            const answered = answer(name, input, machine.name);
            if (answered === undefined) return undefined;
            const read = () =>
              reply(() => {
                if ('error' in answered) fail(answered.error);
                else {
                  over = true;
                  resolve(answered.output);
                }
              });
            const afterMs = 'error' in answered ? (answered.afterMs ?? 0) : 0;
            if (afterMs === 0) read();
            else universe.at(universe.now() + afterMs, read);
            return undefined;
          },
          fail,
        );
        // Outside of the process: a timer of the SDK is none of the source's.
        universe.at(universe.now() + ATTEMPT_MS, () => {
          if (over) return;
          machine.run(() => {
            if (over) return;
            call.abort();
            fail(new Error('The request timed out'));
          });
        });
      };
      attempt(ATTEMPTS);
    });
  }

  const store: LockStore = {
    traits: { hasMembers: true, hasClaimTimes: true },
    locksOf(machine, link) {
      const locks = dynamoDbLocks({
        client: { send: (command) => send(command, machine, link) },
        tableName: 'locks',
        monotonic: machine.monotonic,
      });
      return watched(locks, machine, () => (owners += 1), store);
    },
    holder(name) {
      const row = table.row(name);
      return row === undefined ? undefined : recordOf(row, universe.now());
    },
    setTrouble(to, until) {
      trouble = to;
      troubleUntil = until;
    },
    // What it has confirmed, it has.
    failOver: () => undefined,
    leap: () => undefined,
    forgotAt: () => -Infinity,
    onCall: () => undefined,
    onTakenEarly: () => undefined,
  };
  return store;
}

/** The holder, unless it has not written for a whole ttl: then others may take the name. */
function recordOf({ item, machine, writtenAt }: Row, now: number) {
  const until = writtenAt + Number(item['ttlMs']?.N);
  return until > now ? { owner: item['owner']?.S ?? '', machine, until } : undefined;
}

/** The locks, whose calls and answers `onCall` hears of. */
function watched(
  locks: LockFactory,
  machine: Machine,
  nextOwner: () => number,
  store: LockStore,
): LockFactory {
  const watch = (name: string) => {
    const owner = `${machine.name}#${nextOwner()}`;
    return async <T>(operation: LockOperation, call: () => Promise<T>): Promise<T> => {
      const sentAt = machine.monotonic();
      const sent = { machine: machine.name, operation, name, owner, sentAt };
      const hear = (answered: string, isError = false) => store.onCall(sent, answered, isError);
      hear('sent');
      try {
        const value = await call();
        hear(String(value));
        return value;
      } catch (error) {
        const { code, message } = error as Error & { code?: string };
        if (code === LOCK_NOT_OWNED) hear('not owned');
        else hear(message, true);
        throw error;
      }
    };
  };
  return {
    createLock(name, ttlMs) {
      const lock = locks.createLock(name, ttlMs);
      const call = watch(name);
      return {
        acquireImmediately: () => call('acquire', () => lock.acquireImmediately()),
        extend: (ms) => call('extend', () => lock.extend(ms)),
        release: () => call('release', () => lock.release()),
        claimableInMs: () => lock.claimableInMs?.(),
      };
    },
    createMembership(group, ttlMs) {
      const membership = locks.createMembership?.(group, ttlMs);
      if (membership === undefined) throw new Error('dynamoDbLocks have memberships');
      const call = watch(group);
      return {
        renew: (says) => call('renewMember', () => membership.renew(says)),
        leave: () => call('leave', () => membership.leave()),
      };
    },
  };
}

function serverError(name: string, status: number): Error {
  const error = Object.assign(new Error(`${name} of the simulated DynamoDB`), {
    $metadata: { httpStatusCode: status },
  });
  error.name = name;
  return error;
}
