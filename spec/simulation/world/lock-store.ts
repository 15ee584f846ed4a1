import type { Lock, LockFactory } from '../../../lib/index.js';
import type { Random } from '../engine/random.js';
import type { Universe } from '../engine/universe.js';
import type { Link } from './network.js';

/** One lease as the store has it. */
export interface StoreRecord {
  owner: string;
  machine: string;
  until: number;
}

export type StoreTrouble = 'hangs' | 'fails' | 'readOnly' | 'answersNonsense';

/** A lock store with a clock of its own, as Redis is. */
export interface LockStore {
  locksOf(machine: string, link: Link): LockFactory;
  /** Who holds the lease, as the store says. */
  holder(name: string): StoreRecord | undefined;
  setTrouble(trouble: StoreTrouble | undefined, until: number): void;
  /** A replica takes over, that has not heard of the last writes. */
  failOver(lostMs: number): void;
  /** The store's clock leaps forward. */
  leap(ms: number): void;
  /** When the store has last forgotten what it had promised; its leases may be held twice after it. */
  forgotAt(): number;
  onCall: (
    machine: string,
    operation: 'acquire' | 'extend' | 'release',
    name: string,
    owner: string,
    answer: string,
  ) => void;
}

export function createLockStore(universe: Universe, random: Random): LockStore {
  let records = new Map<string, StoreRecord>();
  const history: { at: number; records: Map<string, StoreRecord> }[] = [];
  let trouble: StoreTrouble | undefined;
  let troubleUntil = 0;
  let offset = 0;
  let forgotAt = -Infinity;
  let owners = 0;

  const clock = () => universe.now() + offset;

  function holder(name: string): StoreRecord | undefined {
    const record = records.get(name);
    return record !== undefined && record.until > clock() ? record : undefined;
  }

  function write(name: string, record: StoreRecord | undefined): void {
    history.push({ at: universe.now(), records: new Map(records) });
    if (history.length > 50) history.shift();
    if (record === undefined) records.delete(name);
    else records.set(name, record);
  }

  /** What the store does and answers; undefined: nothing comes back. */
  function perform(
    operation: 'acquire' | 'extend' | 'release',
    name: string,
    mine: { owner: string; machine: string },
    ttlMs: number,
  ): { value: unknown } | { error: Error } | undefined {
    const now = universe.now() < troubleUntil ? trouble : undefined;
    if (now === 'hangs') return undefined;
    if (now === 'fails') return { error: new Error('The store is down') };
    if (now === 'readOnly')
      return { error: new Error("READONLY You can't write against a replica") };
    if (now === 'answersNonsense' && random.chance(0.5)) {
      return { value: operation === 'extend' ? false : 'OK' };
    }
    const held = holder(name);
    if (operation === 'acquire') {
      if (held !== undefined) return { value: false };
      write(name, { ...mine, until: clock() + ttlMs });
      return { value: true };
    }
    if (held?.owner !== mine.owner) return { error: notOwned() };
    write(name, operation === 'extend' ? { ...mine, until: clock() + ttlMs } : undefined);
    return { value: undefined };
  }

  const store: LockStore = {
    locksOf: (machine, link) => ({
      createLock(name, ttlMs): Lock {
        const mine = { owner: `${machine}#${(owners += 1)}`, machine };

        function ask<T>(operation: 'acquire' | 'extend' | 'release', ms: number): Promise<T> {
          return new Promise((resolve, reject) => {
            link.call(
              100,
              (reply) => {
                const answer = perform(operation, name, mine, ms);
                if (answer === undefined) return undefined;
                const text = 'error' in answer ? answer.error.message : String(answer.value);
                reply(() => {
                  store.onCall(machine, operation, name, mine.owner, text);
                  if ('error' in answer) reject(answer.error);
                  else resolve(answer.value as T);
                });
                return undefined;
              },
              reject,
            );
            store.onCall(machine, operation, name, mine.owner, 'sent');
          });
        }

        return {
          acquireImmediately: () => ask<boolean>('acquire', ttlMs),
          extend: (ms = ttlMs) => ask<undefined>('extend', ms),
          release: () => ask<undefined>('release', 0),
        };
      },
    }),
    holder,
    setTrouble(to, until) {
      trouble = to;
      troubleUntil = until;
    },
    failOver(lostMs) {
      const before = history.findLast(({ at }) => at < universe.now() - lostMs);
      records = new Map(before?.records ?? []);
      forgotAt = universe.now();
    },
    leap(ms) {
      offset += ms;
      forgotAt = universe.now();
    },
    forgotAt: () => forgotAt,
    onCall: () => undefined,
  };
  return store;
}

function notOwned(): Error {
  return Object.assign(new Error('not owned'), { code: 'E_LOCK_NOT_OWNED' });
}
