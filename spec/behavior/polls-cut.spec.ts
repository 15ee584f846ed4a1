import type { StepFuncSourceEvents } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { describe, expect, it, vi } from 'vitest';
import { awsError } from '../support/fake-calls.js';
import { useFakeTimers } from '../support/fake-timers.js';

useFakeTimers();

/** What each poll ends in, after `openMs`. There is no end to it. */
function clientOf(openMs: number, error: Error) {
  return {
    send: (command: object, { abortSignal }: { abortSignal?: AbortSignal } = {}) =>
      command.constructor.name === 'CreateActivityCommand'
        ? Promise.resolve({ activityArn: 'arn:aws:states:eu-west-1:123456789012:activity:sum' })
        : new Promise((_, reject) => {
            const timer = setTimeout(() => reject(error), openMs);
            abortSignal?.addEventListener('abort', () => {
              clearTimeout(timer);
              reject(abortSignal.reason as Error);
            });
          }),
  };
}

/** A source whose polls end so for half an hour: what was emitted of them, and what health found. */
async function halfAnHour(openMs: number, error: Error) {
  const source = createStepFuncSource(
    { activityName: 'sum', path: '/' },
    () => Promise.reject(new Error('no task ever comes')),
    { client: clientOf(openMs, error) },
  );
  const failed: StepFuncSourceEvents['pollFailed'][] = [];
  source.on('pollFailed', (event) => failed.push(event));
  await source.start();
  const problems = new Set<string>();
  for (let second = 0; second < 1_800; second += 5) {
    await vi.advanceTimersByTimeAsync(5_000);
    for (const { code } of source.health().problems) problems.add(code);
  }
  const stopping = source.stop({ graceMs: 0 });
  await vi.advanceTimersByTimeAsync(10_000);
  await stopping;
  return { failed, problems: [...problems] };
}

const cuts: [string, Error][] = [
  ['504', awsError('SyntaxError', { $metadata: { httpStatusCode: 504 } })],
  ['503', awsError('SyntaxError', { $metadata: { httpStatusCode: 503 } })],
  ['502', awsError('Error', { $response: { statusCode: 502 } })],
  ['a reset', awsError('Error', { code: 'ECONNRESET', syscall: 'read' })],
  ['a closed connection', awsError('RequestTimeout', { code: 'UND_ERR_SOCKET' })],
];

describe('an endless row of idle polls that are cut', () => {
  it.each(cuts)(
    'P4, H: by %s after 59 s: each is emitted, polls go on, health is ok',
    async (_, error) => {
      const { failed, problems } = await halfAnHour(59_000, error);
      expect(failed).toHaveLength(30);
      expect(new Set(failed.map(({ retryInMs }) => retryInMs))).toEqual(new Set([0]));
      expect(problems).toEqual([]);
    },
  );

  it.each(cuts)('P4, H: by %s at once: that is an outage', async (_, error) => {
    const { failed, problems } = await halfAnHour(100, error);
    expect(failed.length).toBeLessThan(100);
    expect(problems).toEqual(['pollsFailing']);
  });
});
