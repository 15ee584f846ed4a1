import type { LockFactory, Membership } from '../../lib/locks/types.js';

/** Groups in memory, for the factories of any number of instances. */
export function createFakeGroups() {
  const members = new Map<symbol, { says: string; until: number }>();
  let calls = 0;
  const created = {
    calls: () => calls,
    /** Set: whether calls fail. */
    down: false,
    /** Of each member's calls, one in so many fails. */
    failsOnceIn: Infinity,
    /** The same locks, with membership. */
    on: (locks: LockFactory): LockFactory => ({
      createLock: (name, ttlMs) => locks.createLock(name, ttlMs),
      createMembership(_group, ttlMs): Membership {
        const me = Symbol('member');
        let own = 0;
        const arrive = () => {
          calls += 1;
          own += 1;
          if (created.down || own % created.failsOnceIn === 0) throw new Error('down');
        };
        return {
          async renew(says) {
            arrive();
            const now = performance.now();
            members.set(me, { says, until: now + ttlMs });
            return [...members]
              .filter(([member, { until }]) => member !== me && until > now)
              .map(([, member]) => member.says);
          },
          async leave() {
            arrive();
            members.delete(me);
          },
        };
      },
    }),
  };
  return created;
}
