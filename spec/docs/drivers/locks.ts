import { createInterface } from 'node:readline';
import type { Lock, LockFactory } from '../../../lib/index.js';
import { runBlock } from './block.js';

/**
 * A block that makes `locks`. Takes the lock named in the second argument, and gives it back, as it
 * is told, a line each; ends with its input, once it has closed what the block has opened.
 */
const { locks, client, pool } = (await runBlock()) as {
  locks: LockFactory;
  client?: { disconnect?(): void; destroy?(): void };
  pool?: { end(): Promise<void> };
};
const [, , , name = ''] = process.argv;

let lock: Lock | undefined;
for await (const told of createInterface({ input: process.stdin })) {
  if (told === 'acquire') {
    lock = locks.createLock(name, 30_000);
    console.log((await lock.acquireImmediately()) ? 'granted' : 'refused');
  } else {
    await lock?.release();
    console.log('released');
  }
}
client?.disconnect?.();
await pool?.end();
