import { describe, expect, it } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { ShutdownSignals } from '../../../lib/async/shutdown.js';
import { createLifecycle } from '../../../lib/source/lifecycle.js';
import type { Session } from '../../../lib/source/session.js';

/** A lifecycle whose sessions start and end by hand. */
function setUp() {
  const changes: string[] = [];
  const totals = {
    received: 0,
    succeeded: 0,
    failed: 0,
    lost: 0,
    pollsFailed: 0,
    heartbeatsFailed: 0,
  };
  const sessions: {
    shutdown: ShutdownSignals;
    abandonPoll(): void;
    started(): void;
    failed(error: Error): void;
    end(): void;
  }[] = [];
  const lifecycle = createLifecycle({
    clock: systemClock,
    givenArn: 'given',
    totals,
    startSession(shutdown, abandonPoll) {
      return new Promise((resolve, failed) => {
        let end = (): void => undefined;
        const ended = new Promise<void>((resolve) => (end = resolve));
        const session = { activityArn: () => 'found', ended } as unknown as Session;
        sessions.push({ shutdown, abandonPoll, started: () => resolve(session), failed, end });
      });
    },
    onStateChanged: (from, to) => void changes.push(`${from} > ${to}`),
  });
  const latest = () => {
    const session = sessions.at(-1);
    if (session === undefined) throw new Error('Nothing was started');
    return session;
  };
  return { lifecycle, totals, changes, sessions, latest };
}

describe('createLifecycle', () => {
  it('goes through the four states, and can begin again', async () => {
    const { lifecycle, changes, sessions, latest } = setUp();
    for (const round of [1, 2]) {
      const starts = [lifecycle.start(), lifecycle.start()];
      expect(sessions).toHaveLength(round);
      latest().started();
      await Promise.all(starts);
      await lifecycle.start();
      const stops = [lifecycle.stop({}), lifecycle.stop({})];
      await expect(lifecycle.start()).rejects.toThrow('The source is stopping');
      latest().end();
      await Promise.all(stops);
    }
    const round = [
      'stopped > starting',
      'starting > running',
      'running > stopping',
      'stopping > stopped',
    ];
    expect(changes).toEqual([...round, ...round]);
  });

  it('has the ARN that was given, until a session has another', async () => {
    const { lifecycle, latest } = setUp();
    expect(lifecycle.activityArn()).toBe('given');
    const start = lifecycle.start();
    expect(lifecycle.session()).toBeUndefined();
    latest().started();
    await start;
    expect(lifecycle.session()).toBeDefined();
    const stop = lifecycle.stop({});
    latest().end();
    await stop;
    expect([lifecycle.session(), lifecycle.activityArn()]).toEqual([undefined, 'found']);
  });

  it('is stopped again after a failed start, with all its signals aborted', async () => {
    const { lifecycle, changes, latest } = setUp();
    const start = lifecycle.start();
    expect(lifecycle.isActive()).toBe(true);
    latest().failed(new Error('no ARN'));
    await expect(start).rejects.toThrow('no ARN');
    expect(lifecycle.isActive()).toBe(false);
    expect(latest().shutdown.abandonReports.aborted).toBe(true);
    expect(changes).toEqual(['stopped > starting', 'starting > stopped']);
  });

  it.each(['started', 'failed'] as const)(
    'a stop takes a start back, whether the session has %s by then',
    async (how) => {
      const { lifecycle, latest } = setUp();
      const start = lifecycle.start();
      const stop = lifecycle.stop({});
      expect(latest().shutdown.drain.aborted).toBe(true);
      latest()[how](new Error('no ARN'));
      latest().end();
      await expect(start).rejects.toMatchObject({ name: 'AbortError' });
      expect(await stop).toMatchObject({ succeeded: 0, abandonedPolls: 0 });
      expect(lifecycle.state()).toBe('stopped');
    },
  );

  it('sums up what became of tasks and polls from the stop on', async () => {
    const { lifecycle, totals, latest } = setUp();
    const start = lifecycle.start();
    latest().started();
    await start;
    totals.succeeded = 5;
    const stop = lifecycle.stop({});
    totals.succeeded = 7;
    totals.lost = 1;
    latest().abandonPoll();
    const again = lifecycle.stop({});
    latest().end();
    const summary = { succeeded: 2, failed: 0, lost: 1, abandonedPolls: 1 };
    expect(await Promise.all([stop, again])).toEqual([summary, summary]);
    expect(await lifecycle.stop({})).toMatchObject({ succeeded: 0, lost: 0, abandonedPolls: 0 });
  });
});
