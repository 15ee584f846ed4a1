import { createInterface } from 'node:readline';
import type { Lock, LockFactory } from '../../../lib/index.js';
import { runBlock } from './block.js';

/**
 * A block that makes `locks`. Each line of its input takes the lock named in the second argument, or
 * gives it back. It ends with its input, once it has closed what the block has opened.
 */
const { locks, client, pool } = (await runBlock()) as {
  locks: LockFactory;
  client?: { disconnect?(): void; destroy?(): void };
  pool?: { end(): Promise<void> };
};
const [, , , name = ''] = process.argv;

let lock: Lock | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  if (line === 'acquire') {
    lock = locks.createLock(name, 30_000);
    console.log((await lock.acquireImmediately()) ? 'granted' : 'refused');
  } else {
    await lock?.release();
    console.log('released');
  }
}
client?.disconnect?.();
await pool?.end();
