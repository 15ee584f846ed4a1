import { Session } from 'node:inspector/promises';
import type { Profiler } from 'node:inspector';
import { job as readJob, serve } from '../harness/child.js';
import { cpuUsage } from '../harness/usage.js';
import type { Job, Start } from './job.js';
import { contenders } from './job.js';

/** A contender's process: starts it, and tells what it costs. */
const job = readJob() as Job;
const warnings: string[] = [];
const profiler = new Session();
let stop: (() => Promise<void>) | undefined;

process.on('warning', ({ name, message }) => {
  if (!message.includes('NodeVersionSupportWarning')) warnings.push(`${name}: ${message}`);
});

const api = {
  async start(): Promise<void> {
    const module = new URL(contenders[job.contender].module, import.meta.url);
    const { start } = (await import(module.href)) as { start: Start };
    stop = await start(job);
  },
  usage: cpuUsage,
  pid: () => process.pid,
  rssMb: () => process.memoryUsage.rss() / 1_048_576,
  /** The heap after collections that leave nothing to collect; needs --expose-gc. */
  heapMb(): number {
    for (let i = 0; i < 4; i += 1) globalThis.gc?.();
    return process.memoryUsage().heapUsed / 1_048_576;
  },
  async startProfile(): Promise<void> {
    profiler.connect();
    await profiler.post('Profiler.enable');
    await profiler.post('Profiler.setSamplingInterval', { interval: 200 });
    await profiler.post('Profiler.start');
  },
  async endProfile(): Promise<Profiler.Profile> {
    const { profile } = await profiler.post('Profiler.stop');
    profiler.disconnect();
    return profile;
  },
  async stop(): Promise<void> {
    await stop?.();
  },
  /** What would hold the process, its line to the bench aside; and what Node warned of. */
  leftovers: () => ({
    resources: process.getActiveResourcesInfo().filter((name) => name !== 'PipeWrap'),
    warnings,
  }),
};
export type Contender = typeof api;
serve(api);
