import type { SfnClient } from '../../lib/index.js';
import type { OperationName } from '../../lib/testing/index.js';

/**
 * A token bucket as AWS keeps one for each of its operations, account and region: a call takes a
 * token, and where there is none it is refused.
 */
interface Bucket {
  size: number;
  perSecond: number;
}

/** In us-east-1, us-west-2 and eu-west-1 (Step Functions quotas, "API action throttling"). */
const buckets: Record<OperationName, Bucket> = {
  CreateActivity: { size: 100, perSecond: 1 },
  GetActivityTask: { size: 3_000, perSecond: 500 },
  SendTaskSuccess: { size: 3_000, perSecond: 500 },
  SendTaskFailure: { size: 3_000, perSecond: 500 },
  SendTaskHeartbeat: { size: 3_000, perSecond: 500 },
};

export interface Throttle {
  /** The client, with buckets before it. */
  client: SfnClient;
  /** How many tokens there were at the least, by operation. */
  lowest(operation: OperationName): number;
  /** How many calls were refused. */
  refused(operation: OperationName): number;
}

export function createThrottle(client: SfnClient): Throttle {
  const levels = new Map<string, { tokens: number; at: number; lowest: number; refused: number }>();

  function levelOf(operation: OperationName) {
    const { size, perSecond } = buckets[operation];
    const now = performance.now();
    const level = levels.get(operation) ?? { tokens: size, at: now, lowest: size, refused: 0 };
    level.tokens = Math.min(size, level.tokens + ((now - level.at) / 1_000) * perSecond);
    level.at = now;
    levels.set(operation, level);
    return level;
  }

  return {
    client: {
      async send(command, options) {
        const level = levelOf(command.constructor.name.replace('Command', '') as OperationName);
        if (level.tokens < 1) {
          level.refused += 1;
          throw throttled();
        }
        level.tokens -= 1;
        level.lowest = Math.min(level.lowest, Math.floor(level.tokens));
        return client.send(command, options);
      },
    },
    lowest: (operation) => levelOf(operation).lowest,
    refused: (operation) => levelOf(operation).refused,
  };
}

/** As the SDK puts it. */
function throttled(): Error {
  const error = Object.assign(new Error('Rate exceeded'), {
    $fault: 'client',
    $metadata: { httpStatusCode: 400, attempts: 1 },
  });
  error.name = 'ThrottlingException';
  return error;
}
