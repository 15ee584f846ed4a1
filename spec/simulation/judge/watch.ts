import type { Plan } from '../plan.js';
import { POLLERS } from './pollers.js';
import type { createSharesJudge } from './shares.js';
import type { Instance, World } from '../world/instance.js';

const LOOK_MS = 5_000;
/** CreateActivity may take 60 s. Then a poller waits for 30 s at most, and a lock call takes a while. */
const IDLE_MS = 100_000;
/** T13: an injected client has time for three attempts, here of 100 KB at most. */
const REPORT_MS = 140_000;
/** P1 bounds a poll at 70 s. */
const POLL_MS = 80_000;
/** Timers count whole milliseconds, and a turn of the loop may be between. */
const AT_ONCE_MS = 500;
/** A heartbeat may take 10 s before the next one has its turn. */
const BEAT_MS = 12_000;
/** C3: a backlog fills all slots within about log2 polls. */
const FILL_MS = 20_000;

/** What is checked again and again, since it shows by what does not happen. */
export function createWatch(
  { universe, store, aws, line, trouble }: World,
  plan: Plan,
  shares: ReturnType<typeof createSharesJudge>,
) {
  const busyAt = new Map<string, number>();
  const fullAt = new Map<string, number>();
  const ttlMs = plan.config.lockTtlMs ?? 0;
  let backlogSince = Infinity;
  /** As many instances as there have been: a hand-over to one that has gone since goes on (L10). */
  let among = 1;

  /**
   * No poller is wedged: one whose lease is held, or that needs none, has a poll or a task, or is
   * waiting after a failure.
   */
  function checkWedged(instance: Instance, poller: number, now: number): void {
    const { machine, source, slots } = instance;
    const key = `${machine.name}/${poller}`;
    const held =
      store === undefined
        ? source.status().pollers.some((status) => status.poller === poller)
        : store.holder(instance.leaseName(poller))?.machine === machine.name;
    const excused = !held || source.state !== 'running' || !trouble.isPast(now, 0);
    if (excused || slots.isBusy(poller) || !busyAt.has(key)) busyAt.set(key, now);
    const idleMs = now - (busyAt.get(key) ?? now);
    // T13: of a task that a heartbeat has found closed, a report may be under way for as long.
    const isReporting = source
      .status()
      .pollers.some((its) => its.poller === poller && its.tasks > 0);
    if (idleMs <= IDLE_MS + ttlMs + (isReporting ? REPORT_MS : 0)) return;
    line.broken(
      'L: no poller is wedged',
      `${machine.name} has had poller ${poller} for ${idleMs} ms without a poll or a task`,
    );
  }

  function checkPolls({ machine, slots }: Instance, now: number): void {
    const oldest = slots.oldestPoll();
    if (oldest === undefined || now - oldest <= POLL_MS || !trouble.isPast(now, POLL_MS)) return;
    line.broken('P1: polls are bounded', `${machine.name} has a poll of ${now - oldest} ms`);
  }

  function checkHeartbeats({ machine, tasks, config, heldUp }: Instance, now: number): void {
    const { heartbeatIntervalMs } = config;
    if (heartbeatIntervalMs === undefined) return;
    // A client of the source's own sends a heartbeat that failed again by itself.
    const soonMs = heartbeatIntervalMs + (plan.ownClients ? BEAT_MS : AT_ONCE_MS);
    for (const { token, beatAt, beatEndedAt } of tasks.running()) {
      // However the last one ended, only what holds the process up can delay the next.
      const idleMs = now - (beatEndedAt ?? now);
      const isSilent = idleMs > soonMs && heldUp.isPast(now, idleMs);
      const isUnderWay = beatEndedAt === undefined;
      const isLate =
        isUnderWay && now - beatAt > heartbeatIntervalMs + BEAT_MS && trouble.isPast(now, BEAT_MS);
      if (!isSilent && !isLate) continue;
      line.broken('T8: heartbeats go on', `${machine.name}: ${token}, none for ${now - beatAt} ms`);
    }
  }

  /** C3: while tasks wait, every slot has a poll or a task. */
  function checkFilled(instance: Instance, now: number): void {
    const { machine, source } = instance;
    const { pollers } = source.status();
    // L10: one that is handed over polls no more, and nothing shows which that is.
    const mayHandOver =
      store?.traits.hasMembers === true && pollers.length > Math.floor(instance.pollers() / among);
    for (const { poller, concurrency, openPolls, tasks } of pollers) {
      const key = `${machine.name}/${poller}`;
      const isHandedOver = mayHandOver && openPolls === 0;
      const full = openPolls + tasks >= concurrency || source.state !== 'running';
      if (full || isHandedOver || !trouble.isPast(now, 60_000) || !fullAt.has(key))
        fullAt.set(key, now);
      const since = Math.max(fullAt.get(key) ?? now, backlogSince);
      if (now - since <= FILL_MS) continue;
      line.broken(
        'C3: a backlog fills all slots',
        `${machine.name}: poller ${poller} has ${openPolls} polls and ${tasks} tasks in ${concurrency} slots`,
      );
    }
  }

  function look(instances: Instance[]): void {
    const now = universe.now();
    if (aws.queued() < 3) backlogSince = Infinity;
    else if (backlogSince === Infinity) backlogSince = now;
    among = Math.max(among, instances.length);
    for (const instance of instances) {
      const { machine } = instance;
      // One that is frozen or blocks has an excuse, and so has all that it should have done.
      if (machine.frozen || machine.now() > now) trouble.from(now, 0);
      for (let poller = 0; poller < POLLERS; poller += 1) checkWedged(instance, poller, now);
      checkPolls(instance, now);
      checkHeartbeats(instance, now);
      checkFilled(instance, now);
      instance.idle.check(among, now);
      instance.leases.checkLate(now);
      instance.leases.checkOutage(now);
    }
    shares.checkTaken(instances, now);
  }

  return {
    watch(living: () => Instance[]): void {
      const again = () => {
        look(living());
        universe.at(universe.now() + LOOK_MS, again);
      };
      universe.at(LOOK_MS, again);
    },
  };
}
