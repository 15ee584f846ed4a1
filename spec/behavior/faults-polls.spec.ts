import { describe, expect, it, vi } from 'vitest';
import { ActivityError } from '../../lib/index.js';
import {
  aws,
  everySlotRuns,
  pass,
  passing,
  runThrough,
  slow,
  sourceUnderFaults,
  succeed,
  succeeded,
  timedOut,
} from '../support/faults-support.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

const oneSlot = { maxConcurrency: 1, concurrencyPerPoller: 1 };

describe('CreateActivity at start', () => {
  it.each([
    ...passing,
    ['an encryption of its own', aws('ActivityAlreadyExists'), 'ActivityAlreadyExists'],
    ['too many activities', aws('ActivityLimitExceeded'), 'ActivityLimitExceeded'],
    ['a KMS key it may not use', aws('KmsAccessDeniedException'), 'KmsAccessDeniedException'],
    ['an answer that is lost', { kind: 'lostAnswer' }, 'ECONNRESET'],
  ] as typeof passing)(
    'that fails by %s rejects, and the next start goes well',
    async (_, trouble, name) => {
      const { sfn, source, emitted } = sourceUnderFaults();
      sfn.fault({ ...trouble, operation: 'CreateActivity' });
      const error = await pass(source.start().catch((thrown: unknown) => thrown));
      expect(error).toBeInstanceOf(ActivityError);
      const { cause } = error as { cause: { name: string; code?: string } };
      expect([cause.name, cause.code]).toContain(name);
      expect(source.state).toBe('stopped');
      expect(vi.getTimerCount()).toBe(0);
      expect([sfn.calls('CreateActivity'), sfn.calls()]).toEqual([1, 1]);
      await source.start();
      expect(emitted).toEqual([]);
      await everySlotRuns(source, sfn);
    },
  );

  it('that is slow is waited for', async () => {
    const { sfn, source } = sourceUnderFaults();
    sfn.fault({ ...slow, operation: 'CreateActivity' });
    await pass(source.start());
    await everySlotRuns(source, sfn);
  });
});

describe('GetActivityTask', () => {
  it.each([
    ...passing,
    ...[
      'ActivityWorkerLimitExceeded',
      'KmsAccessDeniedException',
      'KmsInvalidStateException',
      'InvalidArn',
      'ValidationException',
    ].map((name) => [name, aws(name), name]),
  ] as typeof passing)('P1: that fails by %s costs no task', async (_, trouble, name) => {
    const { outcome, emitted } = await runThrough('GetActivityTask', trouble, succeed);
    expect(outcome).toEqual(succeeded);
    expect(emitted.sort()).toEqual([`pollFailed ${name}`, 'taskSucceeded by 1']);
  });

  it('P1: that is slow brings its task late', async () => {
    const { outcome, emitted } = await runThrough('GetActivityTask', slow, succeed);
    expect(outcome).toEqual(succeeded);
    expect(emitted).toEqual(['taskSucceeded by 1']);
  });

  describe.each(['CreateActivity', 'GetActivityTask'] as const)(
    'P2: of an activity that was deleted has it created anew, by a %s',
    (operation) => {
      it.each(passing)('that fails first by %s', async (_, trouble, name) => {
        const { sfn, source, emitted } = sourceUnderFaults(oneSlot);
        await source.start();
        sfn.deleteActivity('sum');
        // The poll that is held comes back first, and the next one asks for what is gone.
        await vi.advanceTimersByTimeAsync(60_500);
        sfn.fault({ ...trouble, operation });
        await vi.advanceTimersByTimeAsync(90_000);
        expect(emitted).toEqual(['pollFailed ActivityDoesNotExist', `pollFailed ${name}`]);
        expect(await pass(sfn.runTask('sum', succeed))).toEqual(succeeded);
        await everySlotRuns(source, sfn);
      });
    },
  );

  it('P2: of an activity that was deleted asks for it once, however many pollers miss it', async () => {
    const { sfn, source } = sourceUnderFaults({ maxConcurrency: 50, concurrencyPerPoller: 1 });
    await source.start();
    sfn.deleteActivity('sum');
    await vi.advanceTimersByTimeAsync(70_000);
    expect(sfn.calls('CreateActivity')).toBe(2);
    expect(sfn.openPolls()).toBe(50);
    await everySlotRuns(source, sfn);
  });

  it('P2: of an activity that another process has created again goes on', async () => {
    const { sfn, source, emitted } = sourceUnderFaults(oneSlot);
    await source.start();
    sfn.deleteActivity('sum');
    await vi.advanceTimersByTimeAsync(60_500);
    // runTask creates it, as whoever deploys it again does.
    expect(await pass(sfn.runTask('sum', succeed))).toEqual(succeeded);
    expect(emitted).toEqual(['pollFailed ActivityDoesNotExist', 'taskSucceeded by 1']);
    await everySlotRuns(source, sfn);
  });

  it('whose answer is lost costs the task that was in it, which is emitted, and no other', async () => {
    const { sfn, source, emitted } = sourceUnderFaults();
    sfn.fault({ kind: 'lostAnswer', operation: 'GetActivityTask' });
    const outcomes = [1, 2, 3].map(() => sfn.runTask('sum', succeed, { timeoutSeconds: 60 }));
    await source.start();
    expect(await pass(Promise.all(outcomes))).toEqual([timedOut, succeeded, succeeded]);
    expect(emitted.sort()).toEqual([
      'pollFailed ECONNRESET',
      ...Array<string>(2).fill('taskSucceeded by 1'),
    ]);
    await everySlotRuns(source, sfn);
  });
});
