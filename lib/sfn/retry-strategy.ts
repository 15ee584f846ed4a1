import type { SFNClient, SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Clock } from '../async/clock.js';
import { startTimer } from '../async/timer.js';

type Given = NonNullable<SFNClientConfig['retryStrategy']>;
type RetryStrategy = Extract<Given, { refreshRetryTokenForRetry: unknown }>;
type RetryToken = Awaited<ReturnType<RetryStrategy['acquireInitialRetryToken']>>;
type RetryErrorInfo = Parameters<RetryStrategy['refreshRetryTokenForRetry']>[1];

/**
 * The SDK's own numbers (`retryMode: 'standard'`), so that AWS gets no more retries than from
 * others.
 */
const CAPACITY = 500;
const COST = { throttling: 5, other: 14 };
const BASE_MS = { throttling: 1_000, other: 50 };
const MAX_DELAY_MS = 20_000;
/** How much longer than its back-off a client waits because of Retry-After. */
const MAX_HINT_MS = 5_000;

interface Token extends RetryToken {
  cost: number;
}

export interface EndableRetryStrategy {
  strategy: RetryStrategy;
  /** A call succeeded at its first attempt, without the strategy. */
  succeeded(): void;
  /** Ends every wait. The calls that wait are not sent again. */
  end(): void;
}

/**
 * Retries as the SDK's standard strategy does, but its waits can be ended. The SDK's own waits last
 * for up to 20 s, even if their call was aborted, and hold the process for as long.
 */
export function createRetryStrategy(
  maxAttempts: () => Promise<number>,
  clock: Clock,
): EndableRetryStrategy {
  let capacity = CAPACITY;
  const waits = new Set<() => void>();

  function wait(ms: number): Promise<void> {
    return new Promise((resolve, reject) => {
      const settle = (then: () => void) => () => {
        waits.delete(end);
        cancel();
        then();
      };
      const end = settle(() => reject(new Error('The client was destroyed')));
      const cancel = startTimer(ms, settle(resolve), clock);
      waits.add(end);
    });
  }

  return {
    strategy: {
      acquireInitialRetryToken: () => Promise.resolve(createToken(0, 0)),
      async refreshRetryTokenForRetry(token, errorInfo) {
        const kind = errorInfo.errorType === 'THROTTLING' ? 'throttling' : 'other';
        const retryable = kind === 'throttling' || errorInfo.errorType === 'TRANSIENT';
        const attempts = token.getRetryCount() + 1;
        if (!retryable || attempts >= (await maxAttempts()) || capacity < COST[kind]) {
          throw new Error('The call is not retried');
        }
        capacity -= COST[kind];
        const ceiling = Math.min(MAX_DELAY_MS, BASE_MS[kind] * 2 ** token.getRetryCount());
        await wait(withHint(Math.floor(clock.random() * ceiling), errorInfo, clock.wall()));
        return createToken(attempts, COST[kind]);
      },
      recordSuccess(token) {
        const returned = (token as Token).cost;
        capacity = Math.min(CAPACITY, capacity + (returned === 0 ? 1 : returned));
      },
    },
    succeeded() {
      if (capacity < CAPACITY) capacity += 1;
    },
    end() {
      for (const end of [...waits]) end();
    },
  };
}

/** Not sooner than the server's Retry-After asks, within limits. */
function withHint(delayMs: number, { retryAfterHint }: RetryErrorInfo, now: number): number {
  if (retryAfterHint === undefined) return delayMs;
  return Math.max(delayMs, Math.min(retryAfterHint.getTime() - now, delayMs + MAX_HINT_MS));
}

/** The wait is over when there is a token: the SDK must not wait again. */
function createToken(retries: number, cost: number): Token {
  return { cost, getRetryCount: () => retries, getRetryDelay: () => 0 };
}

/**
 * Gives a client this strategy, unless the user has chosen another, by an object or by `retryMode:
 * 'adaptive'`.
 */
export function useOwnRetries(client: SFNClient, given: SFNClientConfig, clock: Clock) {
  const { config } = client;
  const own = createRetryStrategy(config.maxAttempts, clock);
  const chosen = config.retryStrategy;
  const isStandard = async (): Promise<boolean> => {
    const { retryMode } = config;
    const mode = typeof retryMode === 'function' ? await retryMode() : retryMode;
    return given.retryStrategy === undefined && mode !== 'adaptive';
  };
  config.retryStrategy = async () => ((await isStandard()) ? own.strategy : chosen());
  return { ...own, isStandard };
}

export type OwnRetries = ReturnType<typeof useOwnRetries>;
