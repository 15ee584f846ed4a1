import { setTimeout as pass } from 'node:timers/promises';
import { nowMs } from './clock.js';
import type { Instance } from './instances.js';
import type { Outage } from './schedule.js';
import type { Trace } from './trace.js';

/** An instance in its place in the cluster. */
export interface Slot {
  readonly instance: Instance;
  /** Whether it has the config that came with the rolling change. */
  readonly grown: boolean;
  /** Takes the instance for something that nothing else may come between; false: it is taken. */
  claim(): boolean;
  unclaim(): void;
  /** Keeps the store from the instance for a while; resolves when that is over. */
  cutOff(how: Outage, ms: number): Promise<void>;
}

export function createSlot(instance: Instance, grown: boolean, { happenings }: Trace): Slot {
  let claimed = false;
  let outages = 0;
  const note = (what: 'cutOff' | 'reconnected') =>
    void happenings.push({ at: nowMs(), instance: instance.name, what });

  return {
    instance,
    grown,
    claim() {
      if (claimed) return false;
      claimed = true;
      return true;
    },
    unclaim: () => void (claimed = false),
    async cutOff(how, ms) {
      outages += 1;
      if (outages === 1) note('cutOff');
      await instance.network[how]();
      await pass(ms);
      outages -= 1;
      if (outages > 0) return;
      await instance.network.restore();
      note('reconnected');
    },
  };
}
