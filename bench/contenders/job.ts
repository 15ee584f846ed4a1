/** What a contender is told to do. */
export interface Job {
  contender: ContenderName;
  endpoint: string;
  componentUrl: string;
  activityName: string;
  /** Tasks at a time, in all. */
  slots: number;
  /** Pollers that share the slots; of ours only. */
  pollers: number;
  /** Of ours: the folder of the built package's modules, as a URL. */
  build: string;
  /** Answer each task at once with the times that the server's trickle wants, and call no component. */
  echoTimes: boolean;
}

export type ContenderName = keyof typeof contenders;

/** The module of each contender, and how it reads in a table. */
export const contenders = {
  ours: { module: 'ours.js', title: 'stepfunc-source, httpInvoke' },
  'ours-fetch': { module: 'ours.js', title: 'stepfunc-source, fetch one-liner' },
  before: { module: 'ours.js', title: 'another build of stepfunc-source' },
  floor: { module: 'floor.js', title: 'best hand-written loop' },
  usual: { module: 'usual.js', title: 'usual hand-written loop' },
  'step-function-worker': {
    module: 'step-function-worker.js',
    title: 'step-function-worker 2.1.0',
  },
  nothing: { module: 'nothing.js', title: 'an idle Node.js process' },
  wire: { module: 'wire.js', title: 'three bare undici requests' },
} as const;

/** Starts to poll and to work. Resolves to what stops it. */
export type Start = (job: Job) => Promise<() => Promise<void>>;
