import type { ContenderName } from '../contenders/job.js';
import type { Bench, ContenderOptions, RunningContender } from './bench.js';
import { between, configure, mark, untilClosed } from './bench.js';
import { sleep } from './clock.js';

export interface Load {
  perSecond: number;
  cpuUs: number;
}

/** Starts a contender and keeps it busy until its code is compiled and its connections are made. */
export async function warmUp(
  bench: Bench,
  name: ContenderName,
  options: ContenderOptions,
): Promise<RunningContender> {
  const contender = await bench.start(name, options);
  await bench.sfn.ask('offer', contender.activity, Number.POSITIVE_INFINITY);
  const tasks = Math.max(bench.quick ? 2_000 : 5_000, options.slots * 10);
  await untilClosed(bench, contender, tasks);
  return contender;
}

/** One run of one contender under a backlog of instant tasks. */
export async function saturate(
  bench: Bench,
  name: ContenderName,
  options: ContenderOptions,
): Promise<Load> {
  await configure(bench);
  const contender = await warmUp(bench, name, options);
  const from = await mark(bench, contender);
  await sleep(bench.quick ? 1_500 : 3_000);
  const to = await mark(bench, contender);
  await contender.end();
  return between(from, to);
}
