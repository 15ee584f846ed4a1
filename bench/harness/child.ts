import { fork } from 'node:child_process';
import { fileURLToPath } from 'node:url';

/** What a process offers to the one that started it: functions by name, over Node's IPC. */
export type Api = Record<string, (...args: never[]) => unknown>;

type Answer<F> = F extends (...args: never[]) => infer R ? Promise<Awaited<R>> : never;
type Arguments<F> = F extends (...args: infer A) => unknown ? A : never;

export interface Child<A> {
  ask<N extends keyof A>(name: N, ...args: Arguments<A[N]>): Answer<A[N]>;
  /** Ends the process, and resolves once it is gone. */
  end(): Promise<void>;
  /** Resolves to the exit code. */
  exited: Promise<number | null>;
}

export interface ChildOptions {
  /** Read by the process from its last argument. */
  job?: unknown;
  env?: Record<string, string>;
  execArgv?: string[];
  /** A program that runs Node.js, and its own arguments: a tool that counts instructions. */
  runner?: string[] | undefined;
}

interface Question {
  id: number;
  name: string;
  args: unknown[];
}

interface Reply {
  id: number;
  value?: unknown;
  error?: string;
}

/** Starts a module of this folder's as a process of its own. */
export function startChild<A>(module: URL, options: ChildOptions = {}): Child<A> {
  const { runner: [execPath, ...runnerArgs] = [] } = options;
  const execArgv = options.execArgv ?? [];
  const child = fork(fileURLToPath(module), [JSON.stringify(options.job ?? null)], {
    env: { ...process.env, ...options.env },
    ...(execPath === undefined
      ? { execArgv }
      : { execPath, execArgv: [...runnerArgs, process.execPath, ...execArgv] }),
    serialization: 'advanced',
  });
  const waiting = new Map<number, (reply: Reply) => void>();
  let lastId = 0;
  child.on('message', (reply: Reply) => {
    waiting.get(reply.id)?.(reply);
    waiting.delete(reply.id);
  });
  const exited = new Promise<number | null>((resolve) => {
    child.once('exit', (code) => {
      for (const [id, reply] of waiting) reply({ id, error: `the process ended (${code})` });
      resolve(code);
    });
  });
  return {
    ask: (name, ...args) =>
      new Promise<unknown>((resolve, reject) => {
        lastId += 1;
        waiting.set(lastId, ({ value, error }) => {
          if (error === undefined) resolve(value);
          else reject(new Error(`${String(name)}: ${error}`));
        });
        child.send({ id: lastId, name: String(name), args } satisfies Question);
      }) as never,
    end: async () => {
      if (child.connected) child.disconnect();
      await exited;
    },
    exited,
  };
}

/** The other side: answers until the process that started this one lets go. */
export function serve(api: Api): void {
  process.on('message', ({ id, name, args }: Question) => {
    const reply = (answer: Omit<Reply, 'id'>) => process.send?.({ id, ...answer } satisfies Reply);
    const called = new Promise((resolve) => {
      resolve(api[name]?.(...(args as never[])));
    });
    called.then(
      (value) => reply({ value }),
      (error: unknown) =>
        reply({ error: error instanceof Error ? (error.stack ?? error.message) : String(error) }),
    );
  });
  process.on('disconnect', () => process.exit(0));
}

/** The job that this process was started with. */
export function job(): unknown {
  return JSON.parse(process.argv[2] ?? 'null');
}
