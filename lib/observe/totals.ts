import type { Events } from './events.js';

/** What has happened since the source was created. */
export interface Totals {
  /** Tasks received. */
  received: number;
  /** Tasks whose output AWS took. */
  succeeded: number;
  /** Tasks whose failure AWS took. */
  failed: number;
  /** Tasks whose result AWS did not take, as far as the source knows. */
  lost: number;
  /** Polls that failed. */
  pollsFailed: number;
  /** Heartbeats that failed. */
  heartbeatsFailed: number;
}

/** Counts the events. The object that it returns changes with them. */
export function countEvents(events: Events): Totals {
  const totals: Totals = {
    received: 0,
    succeeded: 0,
    failed: 0,
    lost: 0,
    pollsFailed: 0,
    heartbeatsFailed: 0,
  };
  const count = (key: keyof Totals) => () => void (totals[key] += 1);
  events.on('taskReceived', count('received'));
  events.on('taskSucceeded', count('succeeded'));
  events.on('taskFailed', count('failed'));
  events.on('taskLost', count('lost'));
  events.on('pollFailed', count('pollsFailed'));
  events.on('heartbeatFailed', count('heartbeatsFailed'));
  return totals;
}
