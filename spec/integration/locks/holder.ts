import { setMaxListeners } from 'node:events';
import type { Socket } from 'node:net';
import { systemClock } from '../../../lib/async/clock.js';
import { createLeasePool } from '../../../lib/leases/lease-pool.js';
import type { Connection } from './connect.js';
import { connectTo } from './connect.js';

/**
 * A process that keeps leases until SIGTERM, then closes its client and is expected to end of its own
 * accord. Tells what happens to it, a word a line.
 */
const [connection, names, ttlMs] = process.argv.slice(2);
// Its parent has ended, or its test has failed: nothing else would end it.
process.stdin.on('end', () => process.exit(1)).resume();
(process.stdin as unknown as Socket).unref();

const client = await connectTo(JSON.parse(connection ?? '') as Connection);
const stopping = new AbortController();
// Each lease listens to it.
setMaxListeners(0, stopping.signal);
process.once('SIGTERM', () => stopping.abort());

const write = (what: string) => () => void process.stdout.write(`${what}\n`);
await createLeasePool({
  clock: systemClock,
  locks: client.locks,
  names: JSON.parse(names ?? '') as string[],
  ttlMs: Number(ttlMs),
  work: (_index, lost) =>
    new Promise<void>((resolve) => {
      lost.addEventListener('abort', () => resolve());
      stopping.signal.addEventListener('abort', () => resolve());
    }),
  on: {
    acquired: write('acquired'),
    lost: write('lost'),
    released: write('released'),
    // On a busy machine a call may well be late, and that by itself changes nothing.
    storeFailed: () => undefined,
  },
}).run(stopping.signal);
await client.close();
// As docs/cluster.md tells users of SQL: a silent server's connections end no other way. Holds nothing by
// itself, and names what does.
setTimeout(() => {
  write(`held by ${[...new Set(process.getActiveResourcesInfo())].join()}`)();
  process.exit();
}, 15_000).unref();
