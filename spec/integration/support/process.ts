import type { ChildProcess } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { StepFuncSourceConfig, StopOptions } from 'stepfunc-source';
import { awsEnvironment } from './aws-environment.js';

/** What a process is told, as JSON in its first argument. */
export interface ServiceOrder {
  componentUrl: string;
  config?: Partial<StepFuncSourceConfig>;
  stop?: StopOptions;
  /** Whether invokes stay open for ever. */
  neverSettles?: boolean;
}

export interface Process {
  /** Its lines on stdout so far. */
  said(): string[];
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
  const child = spawn(
    process.execPath,
    ['--import', 'tsx', fileURLToPath(new URL(script, import.meta.url)), JSON.stringify(order)],
    {
      stdio: ['ignore', 'pipe', 'pipe'],
      // Without whatever the test runner sets for its own.
      env: { PATH: process.env['PATH'], ...awsEnvironment(endpoint) },
    },
  );
  children.add(child);
  child.once('exit', () => children.delete(child));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return {
    said: () => stdout.split('\n').filter(Boolean),
    terminate: () => void child.kill('SIGTERM'),
    ended: once(child, 'close').then(([code, signal]) => ({
      code: code as number | null,
      signal: signal as NodeJS.Signals | null,
      stderr,
    })),
  };
}
