import { describe, expect, it } from 'vitest';
import type { EventName } from '../../../lib/observe/events.js';
import { createEvents } from '../../../lib/observe/events.js';
import { countEvents } from '../../../lib/observe/totals.js';

const counted = [
  ['taskReceived', 'received'],
  ['taskSucceeded', 'succeeded'],
  ['taskFailed', 'failed'],
  ['taskLost', 'lost'],
  ['pollFailed', 'pollsFailed'],
  ['heartbeatFailed', 'heartbeatsFailed'],
] as const;

/** What an event holds is nothing to a count of them. */
const emit = (events: ReturnType<typeof createEvents>, name: EventName) =>
  events.emit(name, {} as never);

describe('countEvents', () => {
  it('begins at nought', () => {
    const totals = countEvents(createEvents());
    for (const [, key] of counted) expect(totals[key]).toBe(0);
  });

  it.each(counted)('%s counts as %s, and as nothing else', (name, key) => {
    const events = createEvents();
    const totals = countEvents(events);
    const before = { ...totals };
    emit(events, name);
    emit(events, name);
    expect(totals).toEqual({ ...before, [key]: 2 });
  });

  it('is no total of what has none', () => {
    const events = createEvents();
    const totals = countEvents(events);
    const before = { ...totals };
    emit(events, 'stateChanged');
    expect(totals).toEqual(before);
  });

  it('counts for each source by itself', () => {
    const [events, others] = [createEvents(), createEvents()];
    const [totals, otherTotals] = [countEvents(events), countEvents(others)];
    emit(events, 'taskReceived');
    expect(totals.received).toBe(1);
    expect(otherTotals.received).toBe(0);
  });
});
