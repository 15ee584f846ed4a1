/**
 * One instance of the service, in a process of its own: a source that shares its limit with all
 * others through Redis. But for what it tells the demo, this is a service as it would be deployed.
 */
import { once } from 'node:events';
import { LockFactory } from '@verrou/core';
import { redisStore } from '@verrou/core/drivers/redis';
import { Redis } from 'ioredis';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { limits } from './limits.js';
import type { Report } from './report.js';

const { REDIS_URL = '', COMPONENT_URL = '', LOCK_TTL_MS = '30000' } = process.env;

const connection = new Redis(REDIS_URL, {
  maxRetriesPerRequest: 1,
  commandTimeout: 1_000,
  connectTimeout: 1_000,
});
connection.on('error', () => undefined);

const source = createStepFuncSource(
  { activityName: 'sum', path: '/step/sum', ...limits, lockTtlMs: Number(LOCK_TTL_MS) },
  httpInvoke(COMPONENT_URL),
  { locks: new LockFactory(redisStore({ connection }).factory()) },
);

const tell = (report: Report) => {
  if (process.connected) process.send?.(report);
};
source.on('leaseAcquired', ({ poller }) => tell({ event: 'holds', poller }));
source.on('leaseLost', ({ poller }) => tell({ event: 'has lost', poller }));
source.on('leaseReleased', ({ poller }) => tell({ event: 'has given back', poller }));
const telling = setInterval(() => tell({ pollers: source.status().pollers }), 100);

const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());
// Ctrl+C goes to every process of a terminal; here the demo says who stops when.
process.on('SIGINT', () => undefined);
// Nobody is left to say so.
process.once('disconnect', () => stopping.abort());

// Loaded: whoever waits for it may start all at once.
process.send?.({ loaded: true } satisfies Report);
await once(process, 'message', { signal: stopping.signal }).catch(() => undefined);

await source.run(stopping.signal, { graceMs: 10_000 });
clearInterval(telling);
connection.disconnect();
if (process.connected) process.disconnect();
