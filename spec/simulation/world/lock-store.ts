import type { Lock, LockFactory, Membership } from '../../../lib/locks/types.js';
import type { Machine } from '../engine/machine.js';
import type { Random } from '../engine/random.js';
import type { Universe } from '../engine/universe.js';
import type { Link } from './network.js';

/** One lease as the store has it. */
export interface StoreRecord {
  owner: string;
  machine: string;
  until: number;
}

/** What one member of a group has said of itself. */
interface Member {
  until: number;
  says: string;
}

/**
 * - `hangs`, `fails`: calls are not answered, or fail
 * - `failsLate`: calls take effect, and fail after seconds, as a proxy does
 * - `readOnly`: a replica that takes no writes
 * - `answersNonsense`: half of the answers are none that a store could give
 * - `readsStale`: what is read is some seconds old, from a replica that lags
 */
export const storeTroubles = [
  'hangs',
  'fails',
  'failsLate',
  'readOnly',
  'answersNonsense',
  'readsStale',
] as const;
export type StoreTrouble = (typeof storeTroubles)[number];

/** What a store can do beside what it must. */
export interface StoreTraits {
  /** It knows its members, so that instances share evenly (L10). */
  hasMembers: boolean;
  /** It says when a lease that is taken may be tried for again. */
  hasClaimTimes: boolean;
  /** The library's own locks on a simulated DynamoDB, instead of simulated locks. */
  isDynamoDb?: boolean;
}

export type LockOperation = 'acquire' | 'extend' | 'release' | 'renewMember' | 'leave';

/** A lock store with a clock of its own, as Redis is. */
export interface LockStore {
  readonly traits: StoreTraits;
  locksOf(machine: Machine, link: Link): LockFactory;
  /** Who holds the lease, as the store says. */
  holder(name: string): StoreRecord | undefined;
  setTrouble(trouble: StoreTrouble | undefined, until: number): void;
  /** A replica takes over, that has not heard of the last writes. */
  failOver(lostMs: number): void;
  /** The store's clock leaps forward. */
  leap(ms: number): void;
  /** When the store has last forgotten what it had promised; its leases may be held twice after it. */
  forgotAt(): number;
  /** Called when a call is sent, and when its answer is read. */
  onCall: (call: StoreCall, answer: string, isError?: boolean) => void;
  /** Called if a lease is taken although its holder has written it within its ttl: who, from whom. */
  onTakenEarly: (what: string, earlyMs: number) => void;
}

export interface StoreCall {
  machine: string;
  operation: LockOperation;
  name: string;
  owner: string;
  /** By the monotonic clock of the machine. */
  sentAt: number;
}

/** What is in the store at a moment. A write makes another one. */
interface Contents {
  records: ReadonlyMap<string, StoreRecord>;
  members: ReadonlyMap<string, Member>;
}

/** How far a replica lags. */
const STALE_MS = 4_000;
/** How many writes are remembered. */
const HISTORY = 200;

type Answer =
  { value: unknown; claimableInMs?: number } | { error: Error; afterMs?: number } | undefined;

export function createLockStore(
  universe: Universe,
  random: Random,
  traits: StoreTraits,
): LockStore {
  let contents: Contents = { records: new Map(), members: new Map() };
  /** What was there before each of the last writes. */
  const history: { at: number; contents: Contents }[] = [];
  let trouble: StoreTrouble | undefined;
  let troubleUntil = 0;
  let offset = 0;
  let forgotAt = -Infinity;
  let owners = 0;

  const clock = () => universe.now() + offset;
  const troubleNow = () => (universe.now() < troubleUntil ? trouble : undefined);

  /** What the store had in it then, as far as it remembers. */
  function contentsAt(time: number): Contents {
    return history.find(({ at }) => at >= time)?.contents ?? contents;
  }

  function write(change: Partial<Contents>): void {
    history.push({ at: universe.now(), contents });
    if (history.length > HISTORY) history.shift();
    contents = { ...contents, ...change };
  }

  function heldIn({ records }: Contents, name: string): StoreRecord | undefined {
    const record = records.get(name);
    return record !== undefined && record.until > clock() ? record : undefined;
  }
  const holder = (name: string) => heldIn(contents, name);

  function put(name: string, record: StoreRecord | undefined): void {
    write({ records: changed(contents.records, name, record) });
  }

  /** What the store does and answers, unless it is in trouble. */
  function perform(
    operation: LockOperation,
    name: string,
    mine: { owner: string; machine: string },
    { ttlMs, says }: { ttlMs: number; says: string },
  ): Answer {
    const until = clock() + ttlMs;
    switch (operation) {
      case 'acquire': {
        const seen =
          troubleNow() === 'readsStale' ? contentsAt(universe.now() - STALE_MS) : contents;
        const held = heldIn(seen, name) ?? holder(name);
        if (held !== undefined) return { value: false, claimableInMs: held.until - clock() };
        put(name, { ...mine, until });
        return { value: true };
      }
      case 'extend':
      case 'release':
        if (holder(name)?.owner !== mine.owner) return { error: notOwned() };
        put(name, operation === 'extend' ? { ...mine, until } : undefined);
        return { value: undefined };
      case 'renewMember': {
        const lagMs = troubleNow() === 'readsStale' ? STALE_MS : 0;
        const { members } = lagMs > 0 ? contentsAt(universe.now() - lagMs) : contents;
        const here = [...members].filter(
          ([id, member]) => id !== mine.owner && member.until > clock(),
        );
        write({ members: changed(contents.members, mine.owner, { until, says }) });
        return { value: here.map(([, member]) => member.says) };
      }
      case 'leave':
        write({ members: changed(contents.members, mine.owner, undefined) });
        return { value: undefined };
    }
  }

  /** What comes back; undefined: nothing does. */
  function answer(...call: Parameters<typeof perform>): Answer {
    const [operation] = call;
    switch (troubleNow()) {
      case 'hangs':
        return undefined;
      case 'fails':
        return { error: new Error('The store is down') };
      case 'failsLate':
        perform(...call);
        return { error: new Error('504 Gateway Timeout'), afterMs: random.between(500, 8_000) };
      case 'readOnly':
        return { error: new Error("READONLY You can't write against a replica") };
      case 'answersNonsense':
        if (random.chance(0.5)) return { value: operation === 'extend' ? false : 'OK' };
        return perform(...call);
      default:
        return perform(...call);
    }
  }

  const store: LockStore = {
    traits,
    locksOf({ name: machine, monotonic }, link) {
      /** One call over the network. */
      function ask<T>(
        operation: LockOperation,
        name: string,
        owner: string,
        request: { ttlMs: number; says: string },
        onAnswer?: (answer: Answer) => void,
      ): Promise<T> {
        const call: StoreCall = { machine, operation, name, owner, sentAt: monotonic() };
        return new Promise((resolve, reject) => {
          link.call(
            100,
            (reply) => {
              const answered = answer(operation, name, { owner, machine }, request);
              if (answered === undefined) return undefined;
              const text = 'error' in answered ? answered.error.message : String(answered.value);
              const answerNow = () =>
                reply(() => {
                  store.onCall(call, text, 'error' in answered && text !== 'not owned');
                  onAnswer?.(answered);
                  if ('error' in answered) reject(answered.error);
                  else resolve(answered.value as T);
                });
              const afterMs = 'error' in answered ? (answered.afterMs ?? 0) : 0;
              if (afterMs === 0) answerNow();
              else universe.at(universe.now() + afterMs, answerNow);
              return undefined;
            },
            reject,
          );
          store.onCall(call, 'sent');
        });
      }

      function createLock(name: string, ttlMs: number): Lock {
        const owner = `${machine}#${(owners += 1)}`;
        let claimableInMs: number | undefined;
        return {
          acquireImmediately: () =>
            ask<boolean>('acquire', name, owner, { ttlMs, says: '' }, (answered) => {
              if (answered !== undefined && 'value' in answered)
                claimableInMs = answered.claimableInMs;
            }),
          extend: (ms = ttlMs) => ask<undefined>('extend', name, owner, { ttlMs: ms, says: '' }),
          release: () => ask<undefined>('release', name, owner, { ttlMs: 0, says: '' }),
          ...(traits.hasClaimTimes ? { claimableInMs: () => claimableInMs } : {}),
        };
      }

      function createMembership(group: string, ttlMs: number): Membership {
        const member = `${machine}#${(owners += 1)}`;
        return {
          renew: (says) => ask<string[]>('renewMember', group, member, { ttlMs, says }),
          leave: () => ask<undefined>('leave', group, member, { ttlMs: 0, says: '' }),
        };
      }

      return traits.hasMembers ? { createLock, createMembership } : { createLock };
    },
    holder,
    setTrouble(to, until) {
      trouble = to;
      troubleUntil = until;
    },
    failOver(lostMs) {
      contents = contentsAt(universe.now() - lostMs);
      forgotAt = universe.now();
    },
    leap(ms) {
      offset += ms;
      forgotAt = universe.now();
    },
    forgotAt: () => forgotAt,
    onCall: () => undefined,
    // It goes by its own clock, and may leap.
    onTakenEarly: () => undefined,
  };
  return store;
}

function changed<T>(
  map: ReadonlyMap<string, T>,
  name: string,
  value: T | undefined,
): ReadonlyMap<string, T> {
  const copy = new Map(map);
  if (value === undefined) copy.delete(name);
  else copy.set(name, value);
  return copy;
}

function notOwned(): Error {
  return Object.assign(new Error('not owned'), { code: 'E_LOCK_NOT_OWNED' });
}
