import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { PollerStatus } from 'stepfunc-source';
import type { Report } from './report.js';
import type { Stage } from './stage.js';

/** A process of the service, as the demo sees it. */
export interface Instance {
  readonly name: string;
  state(): 'loading' | 'up' | 'stopping' | 'killed' | 'stopped';
  /** The pollers that it holds, with what they are at, by its last word. */
  pollers(): PollerStatus[];
  /** Resolves once it may be started. */
  loaded: Promise<void>;
  start(): void;
  kill(): void;
  stop(): void;
  /** Resolves to what it ended with: its exit code, or the signal that killed it. */
  ended: Promise<number | string>;
}

/** Its neighbor: TypeScript under tsx, or JavaScript where both were compiled. */
const service = fileURLToPath(new URL('./service.ts', import.meta.url)).replace(
  /ts$/,
  import.meta.url.slice(-2),
);

/** `say` is told what happens to it. */
export function launch(name: string, stage: Stage, say: (what: string) => void): Instance {
  const child = spawn(process.execPath, [...process.execArgv, service], {
    stdio: ['ignore', 'inherit', 'inherit', 'ipc'],
    env: { ...process.env, ...stage.environment },
  });
  let state: ReturnType<Instance['state']> = 'loading';
  let pollers: PollerStatus[] = [];
  let load: () => void = () => undefined;
  const loaded = new Promise<void>((resolve) => (load = resolve));

  child.on('message', (report: Report) => {
    if ('loaded' in report) load();
    else if ('pollers' in report) ({ pollers } = report);
    else say(`${name} ${report.event} poller ${report.poller}`);
  });
  const ended = once(child, 'exit').then(([code, signal]) => {
    pollers = [];
    if (state !== 'killed') state = 'stopped';
    return (code ?? signal) as number | string;
  });

  return {
    name,
    state: () => state,
    pollers: () => (state === 'killed' ? [] : pollers.filter(({ lease }) => lease?.lost === false)),
    loaded,
    ended,
    start() {
      state = 'up';
      child.send('start');
    },
    kill() {
      state = 'killed';
      child.kill('SIGKILL');
    },
    stop() {
      if (state === 'killed' || state === 'stopped') return;
      state = 'stopping';
      child.kill('SIGTERM');
    },
  };
}
