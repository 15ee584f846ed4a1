import { systemClock } from '../async/clock.js';
import { startTimer } from '../async/timer.js';
import { getProperty } from '../common/property.js';
import { connectLimitMs, endIfLate, StoreTimeoutError } from './late-call.js';
import type { RedisClient, RedisConnection } from './redis-client.js';
import { duplicateOf } from './redis-client.js';

/** A process that has stopped should end within a second. */
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
 * Calls over one connection, a duplicate of the client. The first call opens it. It is closed when
 * there was no call for a ttl. A late call ends it, so that a dead connection costs one call. A
 * server that is not the primary ends it too, since the connection would stay with that server. The next
 * call opens another.
 */
export function createRedisCalls(client: RedisClient): RedisCall {
  let current: Opened | undefined;
  let cancelIdle: () => void = () => undefined;

  function open(ttlMs: number): Opened {
    const connection = duplicateOf(client);
    const opened: Opened = { connection, ready: connection.open(), calls: 0, ended: false };
    const late = () => end(opened);
    // The caller gets the failure, but may have stopped waiting.
    opened.ready.finally(startTimer(connectLimitMs(ttlMs), late, systemClock, true)).catch(late);
    return opened;
  }

  /** It gets no further calls. Those under way may still be answered. */
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
 * The errors of a single call. The connection is still usable. Examples are a missing right
 * (NOPERM), no memory (OOM), and a key with another type (WRONGTYPE).
 */
const SAID_TO_ONE_CALL = /^(NOPERM|OOM|WRONGTYPE|ERR|MISCONF|NOSCRIPT|BUSY)\b/;

/**
 * The errors of a server that is not the primary, or not now. Before Redis 7 they stand after an
 * ERR.
 */
const NOT_THE_PRIMARY = /\b(READONLY|LOADING|MASTERDOWN|CLUSTERDOWN|NOREPLICAS)\b/;

function isAboutTheKey(error: unknown): boolean {
  const message = getProperty(error, 'message');
  return (
    typeof message === 'string' && SAID_TO_ONE_CALL.test(message) && !NOT_THE_PRIMARY.test(message)
  );
}
