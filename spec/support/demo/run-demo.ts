import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compiledOf } from '../compiled.js';

/** A demo that runs, in a process of its own. */
export interface DemoRun {
  stdout(): string;
  interrupt(): void;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

export interface DemoOptions {
  args?: readonly string[];
  env?: NodeJS.ProcessEnv;
  /** Whether tsx runs it, as for its users. Default: it is run as JavaScript, which starts sooner. */
  byTsx?: boolean;
}

/** Runs a file of demo/. What has not ended with the test is killed by `onTestFinished`. */
export function runDemo(
  file: string,
  onTestFinished: (kill: () => void) => void,
  { args = [], env = {}, byTsx = false }: DemoOptions = {},
): DemoRun {
  const demo = fileURLToPath(new URL(`../../../demo/${file}`, import.meta.url));
  const program = byTsx ? ['--import', 'tsx', demo] : [compiledOf(demo)];
  const child = spawn(process.execPath, [...program, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing else of the caller's environment: neither an AWS set-up nor what the test runner sets.
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
  });
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return {
    stdout: () => stdout,
    interrupt: () => void child.kill('SIGINT'),
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })),
  };
}
