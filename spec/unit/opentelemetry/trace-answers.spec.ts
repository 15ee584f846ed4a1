import { diag, SpanStatusCode } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace-base';
import { getEventListeners } from 'node:events';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { Invoke } from '../../../lib/index.js';
import { InvokeAbortError } from '../../../lib/index.js';
import { traceInvoke } from '../../../lib/opentelemetry.js';
import type { CollectedSpans } from '../../support/collected-spans.js';
import { collectSpans, disableGlobals, noSignal, request } from '../../support/collected-spans.js';
import { answer, fine, never } from '../../support/source-on-fake.js';

let spans: CollectedSpans;
beforeEach(() => {
  spans = collectSpans();
});
afterEach(() => {
  disableGlobals();
  diag.disable();
});

const options = () => ({ activityName: 'sum', tracerProvider: spans.tracerProvider });

/** The span of one call; whatever the invoke comes to. */
async function spanAround(invoke: Invoke): Promise<ReadableSpan> {
  await traceInvoke(invoke, options())(request, noSignal()).catch(() => undefined);
  return spans.one();
}

describe('what comes back', () => {
  const failed = (errorType: string, message?: string) => ({
    code: SpanStatusCode.ERROR,
    errorType,
    message,
  });
  const ended = ({ status: { code, message }, attributes }: ReadableSpan) => ({
    code,
    errorType: attributes['error.type'],
    message,
  });

  it.each([
    ['a status', answer('no', 503), 503, 'StepFuncSource.Http503'],
    ['a name', { ...answer('', 500), headers: { 'Step-Func-Error': 'NoStock' } }, 500, 'NoStock'],
    [
      'a fetch Response',
      new Response('why', { status: 404, headers: { 'step-func-error': 'NoOrder' } }),
      404,
      'NoOrder',
    ],
    ['a status alone', { status: 200 }, 200, 'StepFuncSource.InvokeFailed'],
    ['no status', { body: '' }, undefined, 'StepFuncSource.InvokeFailed'],
    ['nothing', undefined, undefined, 'StepFuncSource.InvokeFailed'],
  ])('%s is passed on as it is, and recorded by its name', async (_, came, status, errorType) => {
    const invoke = traceInvoke(async () => came as never, options());
    expect(await invoke(request, noSignal())).toBe(came);
    const span = spans.one();
    expect(span.attributes['http.response.status_code']).toBe(status);
    expect(span.attributes['error.type']).toBe(errorType);
    expect(span.status.code).toBe(SpanStatusCode.ERROR);
    if (came instanceof Response) expect(came.bodyUsed).toBe(false);
  });

  it('an answer that can not be looked into is passed on all the same', async () => {
    const headers = {
      get() {
        throw new Error('no');
      },
    };
    const came = { status: 500, headers, body: '' } as never;
    expect(await traceInvoke(async () => came, options())(request, noSignal())).toBe(came);
    expect(spans.one().attributes['http.response.status_code']).toBe(500);
  });

  it('an exception is thrown on as it is, and recorded by its names alone', async () => {
    const refused = Object.assign(new Error('connect SECRET'), { code: 'ECONNREFUSED' });
    const thrown = new TypeError('fetch failed for SECRET', { cause: refused });
    const invoke = traceInvoke(async () => {
      throw thrown;
    }, options());
    await expect(invoke(request, noSignal())).rejects.toBe(thrown);
    const span = spans.one();
    expect(ended(span)).toEqual(failed('StepFuncSource.InvokeFailed', 'TypeError <- ECONNREFUSED'));
    expect(span.events).toMatchObject([
      { name: 'exception', attributes: { 'exception.type': 'TypeError' } },
    ]);
    expect(JSON.stringify([span.attributes, span.events, span.status])).not.toContain('SECRET');
  });

  it('an invoke that throws before it returns a promise is no different', async () => {
    const span = await spanAround(() => {
      throw new RangeError('at once');
    });
    expect(ended(span)).toEqual(failed('StepFuncSource.InvokeFailed', 'RangeError'));
  });

  it('whatever is thrown is recorded', async () => {
    const looped = new Error('round');
    looped.cause = looped;
    for (const thrown of [undefined, 'text', looped, Object.create(null)]) {
      spans.exporter.reset();
      const span = await spanAround(() => Promise.reject(thrown as Error));
      expect(ended(span).errorType).toBe('StepFuncSource.InvokeFailed');
    }
  });

  it.each([
    ['timeout', 'StepFuncSource.Timeout'],
    ['stopped', 'StepFuncSource.Stopped'],
    ['leaseLost', 'StepFuncSource.LeaseLost'],
    ['closed', 'closed'],
  ] as const)('an abort, %s, ends the span though the invoke does not', async (code, errorType) => {
    const giveUp = new AbortController();
    void traceInvoke(never, options())(request, giveUp.signal);
    expect(spans.ended()).toHaveLength(0);
    giveUp.abort(new InvokeAbortError(code, `was ${code}`));
    expect(ended(spans.one())).toEqual(failed(errorType, `was ${code}`));
    expect(getEventListeners(giveUp.signal, 'abort')).toEqual([]);
  });

  it('an abort is recorded of an invoke that heeds it, and nothing after it', async () => {
    const warn = vi.fn();
    diag.setLogger({ warn, error: warn, info: warn, debug: warn, verbose: warn });
    const giveUp = new AbortController();
    const invoke = traceInvoke(
      (_, signal) =>
        new Promise((_resolve, reject) =>
          signal.addEventListener('abort', () => reject(new Error('socket hang up'))),
        ),
      options(),
    );
    const answered = invoke(request, giveUp.signal);
    giveUp.abort(new InvokeAbortError('timeout', 'late'));
    await expect(answered).rejects.toThrow('socket hang up');
    expect(ended(spans.one())).toEqual(failed('StepFuncSource.Timeout', 'late'));
    // What the SDK has to say to whoever changes or ends a span that has ended.
    expect(warn).not.toHaveBeenCalled();
  });

  it('an abort of the past is recorded, and so is one with an unknown reason', async () => {
    await traceInvoke(fine, options())(request, AbortSignal.abort(new RangeError('SECRET')));
    expect(ended(spans.one())).toEqual(failed('RangeError'));
  });

  it('leaves no listener on the signal', async () => {
    const signal = noSignal();
    await traceInvoke(fine, options())(request, signal);
    await traceInvoke(() => Promise.reject(new Error('no')), options())(request, signal).catch(
      () => undefined,
    );
    expect(getEventListeners(signal, 'abort')).toEqual([]);
  });
});
