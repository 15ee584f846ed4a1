import type { Chaos } from './chaos.js';
import { judgeCap } from './judge-cap.js';
import { misfits, takeovers, trespasses } from './judge-pollers.js';
import { livesIn } from './lives.js';

export interface Verdict {
  /** What should not have been. */
  complaints: string[];
  figures: Figures;
}

export interface Figures {
  steps: Chaos['steps'];
  instances: number;
  /** How often a poller was acquired. */
  handOvers: number;
  /** How often a lease was lost. */
  losses: number;
  /** L4, in milliseconds: those that an undisturbed instance could have had. */
  takeovers: Record<'killed' | 'suspended' | 'released', number[]>;
  /** The most tasks in flight at a time, and how far above the cap that was, left-overs included. */
  most: number;
  allOver: number;
  heldOver: number;
  leftOver: number;
  tasksRun: number;
  tasksFailedAsLeaseLost: number;
  tasksLostToKills: number;
}

export interface Tolerances {
  ttlMs: number;
  /** For the store's own time, and this machine's under load. */
  slackMs: number;
}

const LEASE_LOST = 'StepFuncSource.LeaseLost';

export function judge(chaos: Chaos, { ttlMs, slackMs }: Tolerances): Verdict {
  const { trace, runs, tasks, endedAt, steps, ends } = chaos;
  const lives = livesIn(trace);
  const everyone = [...lives.values()];
  const cap = judgeCap(trace, lives);
  const complaints: string[] = [];
  const complain = (wrong: boolean, what: string) => {
    if (wrong) complaints.push(what);
  };

  complain(cap.heldOver > 0, `C4: ${cap.heldOver} tasks above the cap, left-overs not counted`);
  const unruly = [...trespasses(trace, lives), ...misfits(trace, lives, slackMs)];
  complaints.push(...unruly.map((what) => `L5: ${what}`));

  const twice = [...runs].filter(([, times]) => times > 1);
  complain(twice.length > 0, `run more than once: ${JSON.stringify(twice)}`);
  const foreign = trace.handOuts.filter(({ error }) => error !== undefined && error !== LEASE_LOST);
  complain(foreign.length > 0, `failed: ${JSON.stringify(foreign)}`);
  const lost = trace.handOuts.filter(({ closedAt }) => closedAt === undefined);
  for (const { instance, id } of lost) {
    complain(lives.get(instance)?.killedAt === Infinity, `${instance} lost the task ${id}`);
  }

  const taken = takeovers(lives, { ttlMs, slackMs, endsAt: endedAt }).filter(
    ({ possible }) => possible,
  );
  for (const { what, poller, ms, boundMs } of taken) {
    const bound = `${boundMs.toFixed(0)} + ${slackMs} ms`;
    complain(ms === undefined, `L4: poller ${poller}, ${what}, was not held again within ${bound}`);
  }

  for (const { instance, code, signal, stderr } of ends) {
    const well = code === 0 && signal === null && stderr === '';
    complain(!well, `L9: ${instance} ended with ${code ?? signal ?? '?'} and said: ${stderr}`);
  }

  const took = (which: string) =>
    taken.flatMap(({ what, ms }) => (what === which && ms !== undefined ? [ms] : []));
  const tenures = everyone.flatMap((life) => life.tenures);
  return {
    complaints,
    figures: {
      steps,
      instances: everyone.length,
      handOvers: tenures.length,
      losses: tenures.filter(({ lostAt }) => lostAt < Infinity).length,
      takeovers: {
        killed: took('killed'),
        suspended: took('suspended'),
        released: took('released'),
      },
      ...cap,
      tasksRun: runs.size,
      tasksFailedAsLeaseLost: trace.handOuts.filter(({ error }) => error === LEASE_LOST).length,
      tasksLostToKills: lost.length + tasks - trace.handOuts.length,
    },
  };
}
