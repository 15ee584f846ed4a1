import { ErrorName, httpErrorName } from 'stepfunc-source';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Handler } from '../support/integration/component.js';
import { echo, hang } from '../support/integration/component.js';
import type { StepFunctionsLocal } from './step-functions-local.js';
import { connect } from './step-functions-local.js';
import { startWorker } from './worker.js';

let local: StepFunctionsLocal;
beforeAll(() => void (local = connect()));
afterAll(() => local[Symbol.asyncDispose]());

/** A state machine of one task. */
const one = (task: object) => ({
  StartAt: 'Work',
  States: {
    Work: { Type: 'Task', TimeoutSeconds: 60, End: true, ...task },
    Caught: { Type: 'Pass', End: true },
  },
});

/** Handles the first request one way, and all others another. */
function first(once: Handler, then: Handler): Handler {
  let calls = 0;
  return (request, response) => (calls++ === 0 ? once : then)(request, response);
}

const answer =
  (status: number, body = '', headers: Record<string, string> = {}): Handler =>
  (_, response) =>
    response.writeHead(status, headers).end(body);

describe('Retry on an error name of the source', () => {
  it.each<[string, string, Handler]>([
    ['a 503', httpErrorName(503), answer(503)],
    ['a timeout', ErrorName.Timeout, hang],
    ['a broken connection', ErrorName.InvokeFailed, (_, response) => response.destroy()],
    ['an output that is not JSON', ErrorName.InvalidOutput, answer(200, '{')],
    [
      'an output that is too large',
      ErrorName.OutputTooLarge,
      answer(200, `"${'x'.repeat(262_144)}"`),
    ],
  ])('%s is tried again', async (what, name, trouble) => {
    const purpose = `retry-${what.replaceAll(' ', '-')}`;
    const fields = { invokeTimeoutMs: 1_000 };
    await using worker = await startWorker(local, purpose, first(trouble, echo), fields);
    const retry = [{ ErrorEquals: [name], IntervalSeconds: 1, MaxAttempts: 1 }];
    const definition = one({ Resource: worker.activityArn, Retry: retry });
    const { ended } = await local.execute(definition, { a: 1 });
    expect(await ended).toEqual({ status: 'SUCCEEDED', output: '{"a":1}' });
    expect(worker.component.requests).toHaveLength(2);
    expect(worker.source.status()).toMatchObject({ received: 2, succeeded: 1, failed: 1 });
  });

  it('of another name is none', async () => {
    await using worker = await startWorker(local, 'retry-other', answer(503));
    const retry = [{ ErrorEquals: [ErrorName.Timeout], IntervalSeconds: 1 }];
    const definition = one({ Resource: worker.activityArn, Retry: retry });
    const { ended } = await local.execute(definition, {});
    const error = httpErrorName(503);
    expect(await ended).toMatchObject({ status: 'FAILED', error, cause: 'Service Unavailable' });
    expect(worker.component.requests).toHaveLength(1);
  });
});

describe("Catch on the component's header", () => {
  it('step-func-error goes to the state that it names, with step-func-cause', async () => {
    const headers = { 'step-func-error': 'EmptyInput', 'step-func-cause': 'nothing to add up' };
    await using worker = await startWorker(local, 'catch', answer(422, '', headers));
    const caught = [{ ErrorEquals: ['EmptyInput'], ResultPath: '$.caught', Next: 'Caught' }];
    const definition = one({ Resource: worker.activityArn, Catch: caught });
    const { ended } = await local.execute(definition, { numbers: [] });
    const { status, output } = await ended;
    expect(status).toBe('SUCCEEDED');
    expect(JSON.parse(output ?? '')).toEqual({
      numbers: [],
      caught: { Error: 'EmptyInput', Cause: 'nothing to add up' },
    });
  });

  it('error and cause of the greatest lengths arrive whole', async () => {
    const [error, cause] = ['E'.repeat(256), 'c'.repeat(32_768)];
    const headers = { 'step-func-error': error, 'step-func-cause': cause };
    await using worker = await startWorker(local, 'long', answer(500, '', headers));
    const { ended } = await local.execute(one({ Resource: worker.activityArn }), {});
    expect(await ended).toMatchObject({ status: 'FAILED', error, cause });
  });
});
