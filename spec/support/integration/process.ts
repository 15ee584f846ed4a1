import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StepFuncSourceConfig, StopOptions } from 'stepfunc-source';
import { compiledOf } from '../compiled.js';
import { awsEnvironment } from './aws-environment.js';

/** What a process gets, as JSON in its first argument. */
export interface ServiceOrder {
  componentUrl: string;
  config?: Partial<StepFuncSourceConfig>;
  stop?: StopOptions;
  /** The signal that ends it. Default: as `terminationSignal` has it. */
  signals?: NodeJS.Signals[];
  /** Whether the component is asked by `fetch`. Default: by `httpInvoke`. */
  byFetch?: boolean;
  /** Whether invokes stay open for ever. */
  neverSettles?: boolean;
}

export interface Process {
  /** Its lines on stdout so far. */
  said(): string[];
  /** Sends it a line; without one, the end of its input. */
  write(line?: string): void;
  signal(signal: NodeJS.Signals): void;
  terminate(): void;
  /** Resolves once it has ended. */
  ended: Promise<{ code: number | null; signal: NodeJS.Signals | null; stderr: string }>;
}

const children = new Set<ChildProcess>();

/** Ends what has not ended by itself, for the end of a spec that may have failed. */
export function killProcesses(): void {
  for (const child of children) child.kill('SIGKILL');
}

/** Starts a script of this folder in a process of its own, on the fake at `endpoint`. */
export function startProcess(script: string, endpoint: string, order: ServiceOrder): Process {
  const file = fileURLToPath(new URL(script, import.meta.url));
  return startNode([compiledOf(file), JSON.stringify(order)], { env: awsEnvironment(endpoint) });
}

export interface NodeOptions {
  /** All that it has but for PATH: nothing of what the test runner sets for its own. */
  env: NodeJS.ProcessEnv;
  cwd?: string;
}

/** Starts a script in a process of its own. */
export function startNode(args: readonly string[], { env, cwd }: NodeOptions): Process {
  const child = spawn(process.execPath, args, {
    stdio: 'pipe',
    env: { PATH: process.env['PATH'], ...env },
    cwd,
  });
  children.add(child);
  child.once('exit', () => children.delete(child));
  // It may have ended before it read its input; that shows by how it ended.
  child.stdin.on('error', () => undefined);
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return {
    said: () => stdout.split('\n').filter(Boolean),
    write(line) {
      if (line === undefined) child.stdin.end();
      else child.stdin.write(`${line}\n`);
    },
    signal: (signal) => void child.kill(signal),
    terminate: () => void child.kill('SIGTERM'),
    ended: once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stderr,
    })),
  };
}
