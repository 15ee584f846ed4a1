import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { compiledOf } from '../compiled.js';

/** DynamoDB's API over a store in memory, in a process of its own. */
export interface Dynalite {
  readonly url: string;
  close(): Promise<void>;
}

const script = fileURLToPath(new URL('./dynalite-process.ts', import.meta.url));

export async function startDynalite(): Promise<Dynalite> {
  const child = spawn(process.execPath, [compiledOf(script)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const exited = once(child, 'exit');
  const ended = exited.then(([code]) => {
    throw new Error(`dynalite did not start: it ended with ${code}`);
  });
  const [url] = (await Promise.race([once(createInterface(child.stdout), 'line'), ended])) as [
    string,
  ];
  ended.catch(() => undefined);
  return {
    url,
    async close() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
