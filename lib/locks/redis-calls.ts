import { systemClock } from '../async/clock.js';
import { startTimer } from '../async/timer.js';
import { getProperty } from '../common/property.js';
import { connectLimitMs, endIfLate, StoreTimeoutError } from './late-call.js';
import type { RedisClient, RedisConnection } from './redis-client.js';
import { duplicateOf } from './redis-client.js';

/** A process that has stopped is to end within a second. */
const HOLDING_IDLE_MS = 500;

/** Runs one script on the locks' own connection. */
export type RedisCall = (
  ttlMs: number,
  script: string,
  key: string,
  ...args: string[]
) => Promise<unknown>;

interface Opened {
  connection: RedisConnection;
  ready: Promise<void>;
  /** Calls under way over it. */
  calls: number;
  ended: boolean;
}

/**
 * Calls over one connection, a duplicate of the client: opened by the first call, and closed once
 * there was none for a ttl. A call that is late ends it, so that a connection which died without a
 * word costs one call; so does a server that says that it is no primary, as the connection would
 * stay with it for ever. The next call opens another.
 */
export function createRedisCalls(client: RedisClient): RedisCall {
  let current: Opened | undefined;
  let cancelIdle: () => void = () => undefined;

  function open(ttlMs: number): Opened {
    const connection = duplicateOf(client);
    const opened: Opened = { connection, ready: connection.open(), calls: 0, ended: false };
    const late = () => end(opened);
    // Whoever waits for it hears of a failure; it may be nobody by then.
    opened.ready.finally(startTimer(connectLimitMs(ttlMs), late, systemClock, true)).catch(late);
    return opened;
  }

  /** No further call goes over it; those under way may still be answered. */
  function retire(opened: Opened): void {
    if (current === opened) current = undefined;
  }

  function end(opened: Opened): void {
    retire(opened);
    // Once: ioredis adds a listener to the socket with every call, and Node warns of eleven.
    if (opened.ended) return;
    opened.ended = true;
    opened.connection.destroy();
  }

  function leave(opened: Opened, ttlMs: number): void {
    opened.calls -= 1;
    if (opened.calls > 0) return;
    if (opened !== current) end(opened);
    else cancelIdle = startTimer(idleMs(opened, ttlMs), () => end(opened), systemClock, true);
  }

  return async (ttlMs, script, key, ...args) => {
    cancelIdle();
    // Else a call would be spent on finding out.
    if (current?.connection.hasEnded() === true) end(current);
    const opened = (current ??= open(ttlMs));
    opened.calls += 1;
    try {
      return await endIfLate(ttlMs, async (enter, isLate) => {
        enter({ waitsFor: 'connection to Redis' });
        await opened.ready;
        if (isLate()) return undefined;
        enter({
          waitsFor: 'answer from Redis',
          suspect: () => retire(opened),
          end: () => end(opened),
        });
        return await opened.connection.evaluate(script, key, args);
      });
    } catch (error) {
      if (!(error instanceof StoreTimeoutError) && !isAboutTheKey(error)) end(opened);
      throw error;
    } finally {
      leave(opened, ttlMs);
    }
  };
}

/** How long a connection stays open without a call. */
function idleMs({ connection }: Opened, ttlMs: number): number {
  return connection.holdsProcess ? Math.min(ttlMs, HOLDING_IDLE_MS) : ttlMs;
}

/**
 * What a server says to one call, the connection being as good as any other: a right that is missing
 * (NOPERM), no memory (OOM), a key that holds something else (WRONGTYPE), and the like.
 */
const SAID_TO_ONE_CALL = /^(NOPERM|OOM|WRONGTYPE|ERR|MISCONF|NOSCRIPT|BUSY)\b/;

/** What a server says that is not the primary, or not now. Before Redis 7 it stands after an ERR. */
const NOT_THE_PRIMARY = /\b(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOREPLICAS)\b/;

function isAboutTheKey(error: unknown): boolean {
  const message = getProperty(error, 'message');
  return (
    typeof message === 'string' && SAID_TO_ONE_CALL.test(message) && !NOT_THE_PRIMARY.test(message)
  );
}
