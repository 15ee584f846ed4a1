import { ActivityError, createStepFuncSource, InvokeAbortError } from 'stepfunc-source';
import type { Invoke, StepFuncSource } from 'stepfunc-source';
import type { OperationName } from 'stepfunc-source/testing';
import { describe, expect, it } from 'vitest';
import type { Trouble } from '../support/integration/troubles.js';
import { passingTroubles } from '../support/integration/troubles.js';
import { until } from '../support/integration/until.js';
import { useServedFake } from '../support/integration/served-fake.js';

// What source-polls and source-reports leave out. One server for all, an activity a test: the seconds
// of back-off pass for all at once.

const server = useServedFake();

type Rows = typeof passingTroubles;
const aws = (name: string): Rows[number] => [name, { kind: 'error', name }, name];
const expired = aws('ExpiredTokenException');
const kms = ['KmsAccessDeniedException', 'KmsInvalidStateException'].map(aws);
const closing = ['InvalidToken', 'TaskDoesNotExist', 'TaskTimedOut'];
/** As often as the SDK tries. */
const EVERY_TRY = 3;

/** An invoke that answers with its input: status 500 to `{ "no": … }`, 200 to all else. */
const component: Invoke = async ({ body }) =>
  new Response(body, { status: body.includes('"no"') ? 500 : 200 });

function sourceOf(activityName: string, invoke = component, heartbeatIntervalMs?: number) {
  const fields = { activityName, path: '/', heartbeatIntervalMs, startTimeoutMs: 0 };
  const source = createStepFuncSource(fields, invoke);
  const emitted: string[] = [];
  source.on('pollFailed', ({ error }) => emitted.push(`pollFailed ${error}`));
  source.on('reportFailed', ({ error }) => emitted.push(`reportFailed ${error}`));
  source.on('heartbeatFailed', ({ error }) => emitted.push(`heartbeatFailed ${error}`));
  source.on('taskSucceeded', ({ attempts }) => emitted.push(`taskSucceeded by ${attempts}`));
  source.on('taskFailed', ({ error }) => emitted.push(`taskFailed ${error}`));
  source.on('taskLost', ({ reason }) => emitted.push(`taskLost ${reason}`));
  return { source, emitted };
}

/** That the slot is free and works. Stops the source. */
async function slotRuns(activityName: string, source: StepFuncSource): Promise<void> {
  expect(source.status().pollers).toMatchObject([{ tasks: 0 }]);
  const outcome = await server.sfn.runTask(activityName, '"next"');
  expect(outcome).toEqual({ status: 'SUCCEEDED', output: '"next"' });
  await source.stop();
  const { received, succeeded, failed, lost } = source.status();
  expect(succeeded + failed + lost).toBe(received);
}

/** Befalls the calls that carry `text` in any field, or have a task token of the activity `text`. */
function fault(
  operation: OperationName,
  trouble: Trouble | { kind: 'latency'; ms: number },
  text: string,
  times = 1,
): () => void {
  const arn = server.sfn.activityArn(text);
  const when = ({ taskToken, ...input }: Readonly<Record<string, unknown>>) =>
    Object.values(input).includes(text) ||
    // The fake's tokens are of base64, and end in the activity's ARN.
    Buffer.from(String(taskToken), 'base64').toString().endsWith(` ${arn}`);
  return server.sfn.fault({ ...trouble, operation, times, when });
}

const nameOf = (operation: string, what: string) => `${operation}-${what.replaceAll(' ', '-')}`;

describe.concurrent('over sockets, by the default clients', () => {
  describe('a report', () => {
    const rows: [string, string, object, Trouble | { kind: 'latency'; ms: number }, string[]][] = [
      ...['ok', 'no'].flatMap((key) => {
        const operation = key === 'ok' ? 'SendTaskSuccess' : 'SendTaskFailure';
        const done = key === 'ok' ? 'taskSucceeded by' : 'taskFailed StepFuncSource.Http500';
        const by = (attempts: number) => (key === 'ok' ? `${done} ${attempts}` : done);
        const again = [`reportFailed ${expired[0]}`, by(2)];
        return [
          ['expired credentials', operation, { [key]: 'expired' }, expired[1], again],
          ['slowness', operation, { [key]: 'slow' }, { kind: 'latency', ms: 500 }, [by(1)]],
          // Answers that have not begun after 10 s end at the client, which tries again.
          ['a hang', operation, { [key]: 'hang' }, { kind: 'hang' }, [by(2)]],
          ...closing.map((name) => [
            name,
            operation,
            { [key]: name },
            aws(name)[1],
            ['taskLost closed'],
          ]),
        ] as typeof rows;
      }),
      ...kms.map(([what, trouble]): (typeof rows)[number] => {
        const emitted = ['taskFailed StepFuncSource.OutputRefused'];
        return [what, 'SendTaskSuccess', { ok: what }, trouble, emitted];
      }),
    ];

    it.each(rows)(
      'T6, T7: that meets %s in %s',
      async (what, operation, input, trouble, expected) => {
        const activityName = nameOf(operation, what);
        const text = JSON.stringify(input);
        fault(operation as OperationName, trouble, text);
        const { source, emitted } = sourceOf(activityName);
        await source.start();
        const outcome = server.sfn.runTask(activityName, text, { timeoutSeconds: 25 });
        await until(() => expect(emitted).toEqual(expected));
        await slotRuns(activityName, source);
        // What a fault called closed is open at the fake, and is left to its clock.
        if (emitted[0] !== 'taskLost closed') {
          const status = emitted.at(-2)?.startsWith('taskFailed') === true ? 'FAILED' : 'SUCCEEDED';
          expect(await outcome).toMatchObject({ status });
        }
      },
    );
  });

  describe('SendTaskHeartbeat', () => {
    /** Answers once `end` is called; notes the reason of its abort. */
    function openComponent() {
      let end: (response: Response) => void = () => undefined;
      const ended = new Promise<Response>((resolve) => (end = resolve));
      const aborts: unknown[] = [];
      const invoke: Invoke = async ({ body }, signal) => {
        if (body === '"next"') return new Response(body);
        signal.addEventListener('abort', () => aborts.push(signal.reason));
        return ended;
      };
      return { invoke, aborts, end: () => end(new Response('"done"')) };
    }

    /** Longer than the SDK takes for all its tries: a heartbeat gets one interval. */
    const intervalMs = ({ kind }: Trouble) =>
      kind === 'throttling' ? 5_000 : kind === 'error' || kind === 'hang' ? 500 : 2_000;

    it.each([
      ...passingTroubles,
      expired,
      ...kms,
      ['an answer that is lost', { kind: 'lostAnswer' }, 'ECONNRESET'],
      ['a hang', { kind: 'hang' }, 'TimeoutError'],
    ] as Rows)('T8: that fails by %s leaves the task alone', async (what, trouble, name) => {
      const activityName = nameOf('beat', what);
      const { invoke, aborts, end } = openComponent();
      const { source, emitted } = sourceOf(activityName, invoke, intervalMs(trouble));
      await source.start();
      fault('SendTaskHeartbeat', trouble, activityName, EVERY_TRY);
      const outcome = server.sfn.runTask(activityName, 1);
      await until(() => expect(emitted[0]).toBe(`heartbeatFailed ${name}`));
      end();
      expect(await outcome).toEqual({ status: 'SUCCEEDED', output: '"done"' });
      await until(() => expect(emitted.at(-1)).toBe('taskSucceeded by 1'));
      expect(aborts).toEqual([]);
      await slotRuns(activityName, source);
    });

    it.each(closing)('T8: that is answered %s ends invoke, and no more is sent', async (name) => {
      const activityName = nameOf('beat', name);
      const { invoke, aborts } = openComponent();
      const { source, emitted } = sourceOf(activityName, invoke, 100);
      await source.start();
      fault('SendTaskHeartbeat', { kind: 'error', name }, activityName);
      const outcome = server.sfn.runTask(activityName, 1, { timeoutSeconds: 1 });
      await until(() => expect(emitted).toEqual(['taskLost closed']));
      expect(aborts).toEqual([expect.any(InvokeAbortError)]);
      expect(aborts).toMatchObject([{ code: 'closed' }]);
      // A report would have been taken: the token is open until its time is out.
      expect(await outcome).toEqual({ status: 'TIMED_OUT', error: 'States.Timeout' });
      await slotRuns(activityName, source);
    });
  });

  describe('CreateActivity', () => {
    it.each([...passingTroubles, expired, ...kms, aws('ActivityLimitExceeded')])(
      'that fails by %s for all its tries rejects, and the next start goes well',
      async (what, trouble, name) => {
        const activityName = nameOf('create', what);
        const end = fault('CreateActivity', trouble, activityName, Infinity);
        const { source } = sourceOf(activityName);
        const error: unknown = await source.start().catch((thrown: unknown) => thrown);
        expect(error).toBeInstanceOf(ActivityError);
        const { cause } = error as { cause: { name: string; code?: string } };
        expect([cause.name, cause.code]).toContain(name);
        end();
        await source.start();
        await slotRuns(activityName, source);
      },
    );

    it('whose answer is lost is sent again: it is idempotent', async () => {
      fault('CreateActivity', { kind: 'lostAnswer' }, 'create-lost');
      const { source } = sourceOf('create-lost');
      await source.start();
      await slotRuns('create-lost', source);
    });
  });

  describe('GetActivityTask', () => {
    it.each([expired, ...kms, aws('ValidationException')])(
      'P1: that fails by %s costs no task',
      async (what, trouble, name) => {
        const activityName = nameOf('poll', what);
        fault('GetActivityTask', trouble, server.sfn.activityArn(activityName));
        const { source, emitted } = sourceOf(activityName);
        await source.start();
        expect(await server.sfn.runTask(activityName, 1)).toMatchObject({ status: 'SUCCEEDED' });
        await until(() => expect(emitted).toEqual([`pollFailed ${name}`, 'taskSucceeded by 1']));
        await slotRuns(activityName, source);
      },
    );
  });
});
