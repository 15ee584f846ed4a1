import type { Lock, LockFactory } from '../../lib/locks/types.js';
import { LOCK_NOT_OWNED } from '../../lib/locks/types.js';

export type Method = 'createLock' | 'acquireImmediately' | 'extend' | 'release';

export interface Call {
  method: Method;
  name: string;
  /** When it was made, by the monotonic clock. */
  at: number;
  /** Does in the store what the call asks for, and says what a good store would answer. */
  effect(): unknown;
}

/** What an instance's calls come to, in place of `call.effect()`. It may return anything at all. */
export type Fault = (call: Call) => unknown;

/** A store in memory, with a clock of its own, that any number of instances share. */
export interface FakeStore {
  /** A factory of its own for each instance, so that faults hit one and not the other. */
  instance(): FakeInstance;
  /** Whether this name is held now. */
  isHeld(name: string): boolean;
  /** Lets time pass in the store and nowhere else, as for a machine that is suspended. */
  passMs(ms: number): void;
}

export interface FakeInstance {
  locks: LockFactory;
  calls: Call[];
  /** Set: what every call of the instance comes to. */
  fault: Fault | undefined;
}

export class NotOwned extends Error {
  readonly code = LOCK_NOT_OWNED;
}

export const never = () => new Promise<never>(() => undefined);

export function createFakeStore(): FakeStore {
  const held = new Map<string, { owner: number; until: number }>();
  let owners = 0;
  let aheadMs = 0;
  const storeNow = () => performance.now() + aheadMs;
  const holder = (name: string) => {
    const found = held.get(name);
    return found !== undefined && found.until > storeNow() ? found.owner : undefined;
  };

  function instance(): FakeInstance {
    const created: FakeInstance = {
      calls: [],
      fault: undefined,
      locks: {
        createLock(name, ttlMs) {
          const owner = (owners += 1);
          const hold = (ms: number) => void held.set(name, { owner, until: storeNow() + ms });
          const demand = () => {
            if (holder(name) !== owner) throw new NotOwned(`${name} is not owned`);
          };
          const lock: Lock = {
            acquireImmediately: () =>
              call('acquireImmediately', async () => {
                if (holder(name) !== undefined) return false;
                hold(ttlMs);
                return true;
              }),
            extend: (ms = ttlMs) =>
              call('extend', async () => {
                demand();
                hold(ms);
              }),
            release: () =>
              call('release', async () => {
                demand();
                held.delete(name);
              }),
          };

          function call<T>(method: Method, effect: () => T): T {
            const made = { method, name, at: performance.now(), effect };
            created.calls.push(made);
            // A fault returns what the type forbids: that is what it is for.
            return created.fault === undefined ? effect() : (created.fault(made) as T);
          }
          return call('createLock', () => lock);
        },
      },
    };
    return created;
  }

  return {
    instance,
    isHeld: (name) => holder(name) !== undefined,
    passMs: (ms) => void (aheadMs += ms),
  };
}

/** A fault that hits one method, and leaves the others as they are. */
export function only(method: Method, fault: Fault): Fault {
  return (call) => (call.method === method ? fault(call) : call.effect());
}
