import { readFileSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import type { Contender } from '../contenders/main.js';
import type { ContenderName, Job } from '../contenders/job.js';
import type { Component } from '../servers/component.js';
import type { SfnServer } from '../servers/sfn.js';
import type { Child } from './child.js';
import { startChild } from './child.js';
import { now, sleep } from './clock.js';
import type { Progress } from './progress.js';
import type { Usage } from './usage.js';

/** What every measure gets: the servers, a way to start contenders, and how thorough to be. */
export interface Bench {
  sfn: Child<SfnServer>;
  component: Child<Component>;
  /** Fewer and shorter rounds: for trying the bench itself, not for figures. */
  quick: boolean;
  rounds: number;
  /** The folder of the built package's modules, as a URL. */
  build: string;
  /** Another build to measure beside it. */
  before: string | undefined;
  /** Where the profiles of "breakdown" are kept, for Chrome's or VS Code's viewer. */
  profiles: string | undefined;
  progress: Progress;
  /** Starts a contender in a process of its own, polling an activity of its own. */
  start(name: ContenderName, options: ContenderOptions): Promise<RunningContender>;
}

export interface ContenderOptions {
  slots: number;
  pollers?: number;
  echoTimes?: boolean;
  /** Reach Step Functions by TLS. */
  tls?: boolean;
  execArgv?: string[];
  /** A program that runs Node.js: see ChildOptions. */
  runner?: string[];
  /** Another build than the bench's. */
  build?: string | undefined;
}

export interface RunningContender extends Child<Contender> {
  activity: string;
}

export interface BenchOptions {
  quick: boolean;
  rounds: number;
  build: string;
  before: string | undefined;
  profiles: string | undefined;
  progress: Progress;
}

/** Of an authority that the project's tests made for themselves; from bench/dist/bench/harness. */
const certificates = new URL('../../../../spec/docs/certificates/', import.meta.url);

export async function createBench(options: BenchOptions): Promise<Bench & AsyncDisposable> {
  const sfn = startChild<SfnServer>(new URL('../servers/sfn.js', import.meta.url));
  const component = startChild<Component>(new URL('../servers/component.js', import.meta.url));
  const [plainEndpoint, tlsEndpoint, componentUrl] = await Promise.all([
    sfn.ask('listen'),
    sfn.ask('listenTls', {
      cert: readFileSync(new URL('server.pem', certificates)),
      key: readFileSync(new URL('server-key.pem', certificates)),
    }),
    component.ask('listen'),
  ]);
  const running = new Set<RunningContender>();
  let started = 0;

  return {
    ...options,
    sfn,
    component,
    async start(contender, contenderOptions) {
      const {
        slots,
        pollers = 1,
        echoTimes = false,
        tls = false,
        execArgv = [],
        runner,
      } = contenderOptions;
      started += 1;
      const endpoint = tls ? tlsEndpoint : plainEndpoint;
      const activity = `${contender}-${started}`;
      const job: Job = {
        contender,
        endpoint,
        componentUrl,
        activityName: activity,
        slots,
        pollers,
        build: contenderOptions.build ?? options.build,
        echoTimes,
      };
      const child = startChild<Contender>(new URL('../contenders/main.js', import.meta.url), {
        job,
        // The SDK warns of every Node.js that it will drop one day.
        execArgv: ['--no-warnings', ...execArgv],
        runner,
        env: {
          AWS_REGION: 'us-east-1',
          AWS_ACCESS_KEY_ID: 'AKIDEXAMPLE',
          AWS_SECRET_ACCESS_KEY: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
          AWS_ENDPOINT_URL_SFN: endpoint,
          AWS_EC2_METADATA_DISABLED: 'true',
          NODE_EXTRA_CA_CERTS: fileURLToPath(new URL('ca.pem', certificates)),
          AWS_SDK_JS_SUPPRESS_MAINTENANCE_MODE_MESSAGE: '1',
        },
      });
      const contenderProcess = { ...child, activity };
      running.add(contenderProcess);
      void child.exited.then(() => running.delete(contenderProcess));
      await child.ask('start');
      return contenderProcess;
    },
    async [Symbol.asyncDispose]() {
      await Promise.all([...running, sfn, component].map((child) => child.end()));
    },
  };
}

/** Without delays of any kind; each measure sets what it needs. */
export async function configure(
  { sfn, component }: Bench,
  { rttMs = 0, holdMs = 60_000, taskMs = 0, uneven = 0 } = {},
): Promise<void> {
  await Promise.all([
    sfn.ask('configure', { rttMs, holdMs }),
    component.ask('configure', { taskMs, uneven }),
  ]);
}

/** Longer than any of the waits below takes where all is well. */
const STALLED_MS = 180_000;

interface Counts {
  handedOut: number;
  closed: number;
  openPolls: number;
}

/** Waits until so many tasks of the contender have been reported. */
export function untilClosed(bench: Bench, contender: RunningContender, tasks: number) {
  return until(bench, contender, `${tasks} tasks reported`, ({ closed }) => closed >= tasks);
}

/** Waits until exactly so many polls of the contender are open. */
export function untilPolling(bench: Bench, contender: RunningContender, polls: number) {
  return until(bench, contender, `${polls} open polls`, ({ openPolls }) => openPolls === polls);
}

async function until(
  { sfn }: Bench,
  { activity }: RunningContender,
  wanted: string,
  isSo: (counts: Counts) => boolean,
): Promise<void> {
  let counts: Counts | undefined;
  let movedAt = now();
  for (;;) {
    const { handedOut, closed, openPolls } = await sfn.ask('counts', activity);
    const present = { handedOut, closed, openPolls };
    if (isSo(present)) return;
    if (closed !== counts?.closed || openPolls !== counts.openPolls) movedAt = now();
    if (now() - movedAt > STALLED_MS) {
      throw new Error(`${activity} stalled: wanted ${wanted}, has ${JSON.stringify(present)}`);
    }
    counts = present;
    await sleep(20);
  }
}

/** CPU seconds a second that the contender and both servers need together, between two marks. */
export function coresBetween(from: Mark, to: Mark): number {
  const spent = ({ usage, servers }: Mark) =>
    [usage, ...servers].reduce((sum, { cpuMs }) => sum + cpuMs, 0);
  return (spent(to) - spent(from)) / (to.usage.at - from.usage.at);
}

export interface Mark {
  usage: Usage;
  servers: Usage[];
  counts: { closed: number; at: number };
}

/** What a contender has used and done up to now. */
export async function mark(bench: Bench, contender: RunningContender): Promise<Mark> {
  const { sfn, component } = bench;
  const [usage, counts, ...servers] = await Promise.all([
    contender.ask('usage'),
    sfn.ask('counts', contender.activity),
    sfn.ask('usage'),
    component.ask('usage'),
  ]);
  return { usage, counts, servers };
}

/** Tasks a second, and CPU microseconds a task, between two marks. */
export function between(from: Mark, to: Mark): { perSecond: number; cpuUs: number } {
  const tasks = to.counts.closed - from.counts.closed;
  return {
    perSecond: (tasks / (to.counts.at - from.counts.at)) * 1_000,
    cpuUs: ((to.usage.cpuMs - from.usage.cpuMs) / tasks) * 1_000,
  };
}
