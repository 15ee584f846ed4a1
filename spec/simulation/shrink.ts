import type { Plan } from './plan.js';
import type { Result } from './simulate.js';
import { simulate } from './simulate.js';

/**
 * Leaves out of a plan that fails whatever it fails without, by halves, quarters and so on: few
 * happenings remain. Fails means: breaks the same rule. `mayGoOn` bounds the time.
 */
export async function shrink(plan: Plan, rule: string, mayGoOn: () => boolean): Promise<Plan> {
  const fails = async (candidate: Plan): Promise<boolean> => {
    const { violation }: Result = await simulate(candidate);
    return violation?.rule === rule;
  };
  let best = plan;
  for (let parts = 2; parts <= 2 * best.happenings.length && mayGoOn();) {
    const size = Math.ceil(best.happenings.length / parts);
    let smaller: Plan | undefined;
    for (let from = 0; from < best.happenings.length && mayGoOn(); from += size) {
      const happenings = best.happenings.filter((_, at) => at < from || at >= from + size);
      const candidate = { ...best, happenings };
      if (await fails(candidate)) {
        smaller = candidate;
        break;
      }
    }
    if (smaller !== undefined) {
      best = smaller;
      parts = Math.max(2, parts - 1);
    } else if (size === 1) {
      break;
    } else {
      parts *= 2;
    }
  }
  return best;
}

/** What is left of a seed's plan, by the places of its happenings. */
export function placesOf(plan: Plan, of: Plan): number[] {
  return of.happenings.map((happening) => plan.happenings.indexOf(happening));
}
