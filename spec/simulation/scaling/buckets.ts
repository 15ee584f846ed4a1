import type { Universe } from '../engine/universe.js';

/** A token bucket, as AWS keeps one for each operation, account and region. */
interface Bucket {
  size: number;
  perSecond: number;
}

const usual: Bucket = { size: 3_000, perSecond: 500 };

/** In us-east-1, us-west-2 and eu-west-1 (Step Functions quotas, "API action throttling"). */
const buckets: Record<string, Bucket> = { CreateActivity: { size: 100, perSecond: 1 } };

/** The buckets of an account. They count what is asked and what is refused. */
export function createBuckets(universe: Universe) {
  const levels = new Map<string, { tokens: number; at: number }>();
  const asked = new Map<string, number>();
  const refused = new Map<string, number>();
  const count = (counts: Map<string, number>, operation: string) =>
    counts.set(operation, (counts.get(operation) ?? 0) + 1);

  return {
    take(operation: string): boolean {
      const { size, perSecond } = buckets[operation] ?? usual;
      const now = universe.now();
      const { tokens, at } = levels.get(operation) ?? { tokens: size, at: now };
      const left = Math.min(size, tokens + ((now - at) / 1_000) * perSecond);
      const isGranted = left >= 1;
      levels.set(operation, { tokens: isGranted ? left - 1 : left, at: now });
      count(asked, operation);
      if (!isGranted) count(refused, operation);
      return isGranted;
    },
    asked: (operation: string) => asked.get(operation) ?? 0,
    refused: (operation: string) => refused.get(operation) ?? 0,
  };
}
