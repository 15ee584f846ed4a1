import type { Happening, Plan } from '../plan.js';
import { createJitterJudge } from '../judge/jitter.js';
import { createSharesJudge } from '../judge/shares.js';
import type { Trouble } from '../judge/trouble.js';
import { createTrouble } from '../judge/trouble.js';
import { createWatch } from '../judge/watch.js';
import type { Callback, Instance, World } from './instance.js';
import { createInstance } from './instance.js';

/** On one signal of a source that is idle, beside one of each of its pollers. */
const OTHER_LISTENERS = 3;

/** All processes of a run, and what happens to them. */
export function createCluster(
  given: Omit<World, 'trouble' | 'pollTrouble' | 'jitter' | 'onPollSent' | 'onHandedOver'>,
  plan: Plan,
) {
  const { universe, aws, store, line, listeners } = given;
  const anyTrouble = createTrouble();
  const pollTrouble = createTrouble();
  const trouble: Trouble = {
    from(now, ms) {
      anyTrouble.from(now, ms);
      pollTrouble.from(now, ms);
    },
    isPast: anyTrouble.isPast,
  };
  const world: World = {
    ...given,
    trouble,
    pollTrouble,
    jitter: createJitterJudge(line),
    onPollSent: () => shares.checkCap(alive()),
    onHandedOver: (instance) => shares.handedOver(instance, instances.size),
  };
  const shares = createSharesJudge(world, plan);
  const instances = new Map<string, Instance>();
  const blocks = new Map<string, { where: Callback; ms: number }[]>();
  const { watch } = createWatch(world, plan, shares);
  const disturb = (ms: number) => trouble.from(universe.now(), ms);
  const living = () =>
    [...instances.values()].filter(({ machine, stopAsked }) => machine.alive && !stopAsked);
  const alive = () => [...instances.values()].filter(({ machine }) => machine.alive);

  if (store !== undefined) {
    store.onTakenEarly = (what, earlyMs) =>
      line.broken('L4: a holder is dead before its lease is taken', `${what} ${earlyMs} ms early`);
    store.onCall = (call, answer, isError) => {
      const { machine, operation, name, owner } = call;
      const instance = instances.get(machine);
      if (answer === 'sent') instance?.leases.sent(call);
      else instance?.leases.answered(call, answer, isError);
      // What goes well again and again would drown all else.
      const isUsual =
        operation === 'acquire' ? ['sent', 'false'].includes(answer) : answer === 'undefined';
      if (isUsual || operation === 'renewMember') return;
      const what = `${operation} ${name.replace(/^.*:/, 'poller ')} ${owner}`;
      line.note(
        machine,
        answer === 'sent' ? `asks the store: ${what}` : `hears of ${what}: ${answer}`,
      );
    };
  }

  function start(name: string, sizes: object): void {
    const instance = createInstance(world, name, { ...plan.config, ...sizes });
    instances.set(name, instance);
    for (const { where, ms } of blocks.get(name) ?? []) instance.blockNext(where, ms);
    instance.start();
  }

  function perform(happening: Happening): void {
    const { kind } = happening;
    const { calmAt } = plan;
    switch (kind) {
      case 'starts':
        start(happening.instance, happening.sizes);
        return;
      case 'task': {
        const { id, work, timeoutMs } = happening;
        const input = JSON.stringify(work);
        const { heartbeatMs } = plan;
        aws.schedule({ id, input, timeoutMs, heartbeatMs, retries: 20, outcome: 'open' });
        return;
      }
      case 'awsTrouble':
        aws.setTrouble(happening.trouble, happening.at + happening.ms);
        disturb(happening.ms);
        return;
      case 'activityIsDeleted':
        aws.deleteActivity();
        disturb(1_000);
        return;
      case 'storeTrouble':
        store?.setTrouble(happening.trouble, happening.at + happening.ms);
        disturb(happening.ms);
        return;
      case 'storeFailsOver':
        store?.failOver(happening.lostMs);
        disturb(1_000);
        return;
      case 'storeClockLeaps':
        store?.leap(happening.byMs);
        disturb(1_000);
        return;
      case 'weather': {
        const { service, weather, ms } = happening;
        const until = Math.min(calmAt, happening.at + ms);
        for (const instance of instances.values()) {
          if (happening.instance !== '*' && happening.instance !== instance.machine.name) continue;
          instance.links[service].setWeather(weather, until);
        }
        if (service === 'component') anyTrouble.from(universe.now(), ms);
        else disturb(ms);
        return;
      }
      case 'blocks':
        // One that is yet to start blocks then.
        if (!instances.has(happening.instance)) {
          blocks.set(happening.instance, [...(blocks.get(happening.instance) ?? []), happening]);
          return;
        }
        performOn(happening);
        return;
      case 'freezes':
      case 'setsClock':
      case 'isKilled':
      case 'stops':
      case 'resizes':
        performOn(happening);
        return;
    }
  }

  function performOn(happening: Happening & { instance: string }): void {
    const instance = instances.get(happening.instance);
    if (instance?.machine.alive !== true) return;
    const { machine } = instance;
    switch (happening.kind) {
      case 'blocks':
        instance.blockNext(happening.where, happening.ms);
        disturb(happening.ms);
        return;
      case 'freezes':
        if (machine.frozen) return;
        machine.freeze();
        instance.heldUp.from(happening.at, happening.ms);
        disturb(happening.ms);
        universe.at(happening.at + happening.ms, () => {
          if (!machine.alive) return;
          line.note(machine.name, 'thaws');
          // A callback that blocked goes on for what it had left.
          disturb(Math.max(0, instance.blockedUntil - happening.at));
          machine.thaw(happening.suspended ? happening.ms : 0);
          instance.heldUp.from(machine.now(), 0);
          instance.leaptAt = machine.now();
        });
        return;
      case 'setsClock':
        machine.setWallClock(happening.byMs);
        instance.leaptAt = machine.now();
        if (happening.byMs < 0) instance.setBackAt = machine.monotonic();
        disturb(1_000);
        return;
      case 'isKilled':
        instance.kill();
        disturb(1_000);
        return;
      case 'stops':
        // A second one may shorten the grace (S2).
        if (!instance.stopped) {
          instance.stop(happening.graceMs === undefined ? {} : { graceMs: happening.graceMs });
        }
        return;
      case 'resizes':
        machine.run(() => {
          if (instance.stopCalled) return;
          const { maxConcurrency } = happening.sizes;
          const to =
            plan.locks === undefined ? happening.sizes : { ...instance.sizes, maxConcurrency };
          const pollers = Math.ceil(maxConcurrency / to.concurrencyPerPoller);
          instance.slots.resizing(pollers);
          instance.pace.resizing(pollers);
          instance.resized = true;
          Object.assign(instance.sizes, to);
          instance.source.resize(plan.locks === undefined ? to : { maxConcurrency });
          instance.slots.resized();
        });
        return;
      default:
    }
  }

  let lookedAt = -Infinity;

  /** Pollers that have lost their lease, and have not come to their end. */
  const lostOf = ({ source }: Instance) =>
    source.status().pollers.filter(({ lease }) => lease?.lost === true);

  const isDone = () => {
    if (aws.jobs.some(({ outcome }) => outcome === 'open')) return false;
    return (
      living().every(
        (instance) =>
          problemsOf(instance).length === 0 &&
          instance.slots.missing().length === 0 &&
          lostOf(instance).length === 0,
      ) &&
      shares.untaken(living()).length === 0 &&
      shares.unfair(living()).length === 0
    );
  };

  return {
    perform,
    watch: () => watch(living),
    /** No more faults: what blocks goes on, and there is an instance to work. */
    calm(): void {
      line.note('WORLD', 'is calm');
      if (living().length === 0) start('last', plan.config);
      for (const instance of alive()) instance.calmDown();
      const probe = () => {
        for (const instance of living()) instance.probe();
        universe.at(universe.now() + 5_000, probe);
      };
      probe();
    },
    /** Every execution has come to its end, and every instance says that it is well. */
    isDone(): boolean {
      // A look costs more than most steps: once a second.
      if (universe.now() - lookedAt < 1_000) return false;
      lookedAt = universe.now();
      return isDone();
    },
    checkDone(): void {
      const open = aws.jobs.filter(({ outcome }) => outcome === 'open').map(({ id }) => id);
      if (open.length > 0)
        line.broken('liveness: all work is done', `${open.join(', ')} still open`);
      for (const instance of living()) {
        const problems = problemsOf(instance);
        if (problems.length === 0) continue;
        const { name } = instance.machine;
        line.broken('liveness: health', `${name}: ${JSON.stringify(problems)}`);
      }
      for (const { machine, slots } of living()) {
        const missing = slots.missing();
        if (missing.length > 0)
          line.broken('C1: all slots are there', `${machine.name}: ${missing.join(', ')}`);
      }
      for (const instance of living()) {
        const lost = lostOf(instance).map(({ poller }) => poller);
        if (lost.length === 0) continue;
        const { name } = instance.machine;
        line.broken('L5: what is lost comes to its end', `${name}: pollers ${lost.join(', ')}`);
      }
      for (const { machine, source } of living()) {
        const heard = listeners?.mostOf(machine) ?? 0;
        const { pollers } = source.status();
        if (heard <= pollers.length + OTHER_LISTENERS) continue;
        line.broken(
          'S3: no listener is left',
          `${machine.name}: ${heard} on one signal, of ${pollers.length} pollers`,
        );
      }
      const untaken = shares.untaken(living());
      if (untaken.length > 0) {
        line.broken('L4: free leases are taken', `pollers ${untaken.join(', ')} are free`);
      }
      const unfair = shares.unfair(living());
      if (unfair.length > 0) line.broken('L10: even shares', unfair.join(', '));
    },
    stopAll(): void {
      const { lastGraceMs } = plan;
      const options = lastGraceMs === undefined ? {} : { graceMs: lastGraceMs };
      for (const instance of living()) instance.stop(options);
    },
    isStopped: () => alive().every(({ stopped }) => stopped),
    checkStopped(): void {
      const left = alive().filter(({ stopped }) => !stopped);
      if (left.length > 0) {
        line.broken(
          'S1: stop comes to its end',
          left.map(({ machine }) => machine.name).join(', '),
        );
      }
    },
    /** Ends what a broken run has left. */
    abandon(): void {
      for (const { machine } of instances.values()) machine.kill();
    },
  };
}

/** What health said is wrong. Tasks that the component fails are none of the source's trouble. */
function problemsOf({ problems }: Instance) {
  return problems?.filter(({ code }) => code !== 'tasksFailing') ?? ['not asked yet'];
}
