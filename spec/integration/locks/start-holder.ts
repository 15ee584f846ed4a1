import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { compiledOf } from '../../support/compiled.js';
import type { Connection } from './connect.js';

const script = fileURLToPath(new URL('./holder.ts', import.meta.url));

export interface Holder {
  /** What it has written, a word each. */
  said(): string[];
  /** Nothing happens if it has ended. */
  kill(signal: NodeJS.Signals): void;
  /** SIGTERM. Resolves once it has ended, with what it had to complain of. */
  stop(): Promise<{ code: number | null; complaints: string }>;
}

/** A process of its own that keeps leases: those named, or so many. */
export function startHolder(
  connection: Connection,
  { names, ttlMs }: { names: string[] | number; ttlMs: number },
): Holder {
  const all = typeof names === 'number' ? Array.from({ length: names }, (_, i) => `n${i}`) : names;
  const child = spawn(
    process.execPath,
    [compiledOf(script), ...[connection, all, ttlMs].map((each) => JSON.stringify(each))],
    // Unhandled rejections and warnings would be here.
    {
      stdio: ['pipe', 'pipe', 'pipe'],
      env: { ...process.env, AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true' },
    },
  );
  let said = '';
  let complaints = '';
  child.stdout.on('data', (text: Buffer) => (said += text.toString()));
  child.stderr.on('data', (text: Buffer) => (complaints += text.toString()));
  return {
    said: () => said.split('\n').filter(Boolean),
    kill: (signal) => child.kill(signal),
    async stop() {
      const closed = once(child, 'close');
      child.kill('SIGTERM');
      const [code] = (await closed) as [number | null];
      return { code, complaints };
    },
  };
}
