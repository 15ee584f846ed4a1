import type { PollerStatus } from 'stepfunc-source';

/** What an instance tells the demo. */
export type Report =
  | { loaded: true }
  | { event: 'holds' | 'has lost' | 'has given back'; poller: number }
  | { pollers: PollerStatus[] };
