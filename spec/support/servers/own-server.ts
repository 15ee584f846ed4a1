import type { ChildProcess, SpawnOptions } from 'node:child_process';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { delimiter, join } from 'node:path';
import { setTimeout as pass } from 'node:timers/promises';

/** A server that a test starts from the PATH, and may do to what it likes. */
export interface OwnServer extends AsyncDisposable {
  readonly port: number;
  /** As an operator would. */
  readonly url: string;
  /** The folder with its data. */
  readonly folder: string;
  /** Stands still with its children: it accepts connections, as the kernel does that, and is silent. */
  pause(): void;
  resume(): void;
  /** Ends at once, without a goodbye. */
  kill(): Promise<void>;
  /** Runs again after a kill, on the same port and data. Resolves once it takes connections. */
  start(...more: string[]): Promise<void>;
}

export interface OwnServerOptions {
  port: number;
  url: string;
  folder: string;
  command: string;
  args: readonly string[];
  spawnOptions?: SpawnOptions;
  /** Rejects until the server takes connections. */
  ready(): Promise<void>;
}

export function createOwnServer(options: OwnServerOptions): OwnServer {
  const { port, url, folder, command, args, ready } = options;
  let child: ChildProcess | undefined;
  let said = '';

  async function end(signal: NodeJS.Signals): Promise<void> {
    const ended = child;
    child = undefined;
    if (ended?.exitCode !== null || ended.signalCode !== null) return;
    const all = familyOf(ended.pid);
    const exited = once(ended, 'exit');
    // One that stands still hears of nothing else.
    for (const pid of all) signalTo(pid, 'SIGCONT');
    ended.kill(signal);
    if (signal === 'SIGKILL') for (const pid of all) signalTo(pid, signal);
    await exited;
  }

  return {
    port,
    url,
    folder,
    pause: () => familyOf(child?.pid).forEach((pid) => signalTo(pid, 'SIGSTOP')),
    resume: () => familyOf(child?.pid).forEach((pid) => signalTo(pid, 'SIGCONT')),
    kill: () => end('SIGKILL'),
    async start(...more) {
      const started = spawn(command, [...args, ...more], {
        stdio: ['ignore', 'pipe', 'pipe'],
        cwd: folder,
        ...options.spawnOptions,
      });
      child = started;
      started.stdout?.on('data', (text: Buffer) => (said += text.toString()));
      started.stderr?.on('data', (text: Buffer) => (said += text.toString()));
      const endsAt = performance.now() + 20_000;
      for (;;) {
        try {
          await ready();
          return;
        } catch (error) {
          if (started.exitCode !== null || performance.now() > endsAt) {
            throw new Error(`${command} did not start: ${said}`, { cause: error });
          }
          await pass(50);
        }
      }
    },
    async [Symbol.asyncDispose]() {
      await end('SIGKILL');
      await rm(folder, { recursive: true, force: true });
    },
  };
}

const PREFIX = 'stepfunc-source-';

export function temporaryFolder(name: string): Promise<string> {
  return mkdtemp(join(tmpdir(), `${PREFIX}${name}-`));
}

/** Where a program is: on the PATH, or in one of the other folders. */
export function whereIs(program: string, ...others: string[]): string | undefined {
  return [...(process.env['PATH'] ?? '').split(delimiter), ...others]
    .map((folder) => join(folder, program))
    .find((path) => existsSync(path));
}

/** Rejects unless a connection to the port comes about. */
export async function acceptsAt(port: number): Promise<void> {
  const socket = connect(port, '127.0.0.1');
  try {
    await once(socket, 'connect');
  } finally {
    socket.destroy();
  }
}

/** Runs a command while other tests go on. Rejects with what it wrote if it failed. */
export async function runToEnd(
  command: string,
  args: readonly string[],
  options: SpawnOptions = {},
): Promise<void> {
  const child = spawn(command, args, { ...options, stdio: ['ignore', 'ignore', 'pipe'] });
  let stderr = '';
  child.stderr.on('data', (text: Buffer) => (stderr += text.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  if (code !== 0) throw new Error(`${command} failed: ${stderr}`);
}

/** The name of what a run's templates are in begins with this. */
const templateOf = (run: string) => `template-${run}-`;

/**
 * A folder that is made at first need, and then copied: a server's first data takes seconds of a core
 * to make. It goes at the end of the run.
 */
export function createTemplate(
  name: string,
  make: (folder: string) => Promise<void>,
): { copyTo(folder: string): Promise<void> } {
  let made: Promise<string> | undefined;
  const get = async () => {
    const run = process.env['STORES_RUN'];
    const folder = await temporaryFolder(`${templateOf(run ?? 'none')}${name}`);
    if (run === undefined) {
      process.once('exit', () => rmSync(folder, { recursive: true, force: true }));
    }
    await make(folder);
    return folder;
  };
  return {
    async copyTo(folder) {
      made ??= get();
      const template = await made.catch((error: unknown) => {
        made = undefined;
        throw error;
      });
      // With owners and modes, which a server is particular about.
      await runToEnd('cp', ['-a', `${template}/.`, folder]);
    },
  };
}

/** Removes the templates of a run. Its workers can't: vitest ends them by a signal. */
export function removeTemplates(run: string): void {
  for (const name of readdirSync(tmpdir())) {
    if (!name.startsWith(`${PREFIX}${templateOf(run)}`)) continue;
    rmSync(join(tmpdir(), name), { recursive: true, force: true, maxRetries: 3 });
  }
}

function familyOf(pid: number | undefined): number[] {
  if (pid === undefined) return [];
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8');
    return [pid, ...children.split(' ').filter(Boolean).map(Number).flatMap(familyOf)];
  } catch {
    return [pid];
  }
}

function signalTo(pid: number, signal: NodeJS.Signals): void {
  try {
    process.kill(pid, signal);
  } catch {
    // It has ended by itself.
  }
}
