import { EventEmitter } from 'node:events';
import { expect, it } from 'vitest';
import { postgresLocks } from '../../../lib/locks/postgres.js';

it('S3: many sources may share one pool: it is listened to once', () => {
  const pool = Object.assign(new EventEmitter(), {
    connect: () => new Promise<never>(() => undefined),
  });
  for (let i = 0; i < 20; i += 1) postgresLocks({ pool });
  // pg ends the process when an idle connection breaks and nothing listens; Node warns of eleven.
  expect(pool.listenerCount('error')).toBe(1);
});
