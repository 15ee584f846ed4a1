import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import {
  AlwaysOffSampler,
  BasicTracerProvider,
  SimpleSpanProcessor,
} from '@opentelemetry/sdk-trace-base';
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import type { InvokeRequest } from '../../../lib/index.js';
import { traceInvoke } from '../../../lib/opentelemetry.js';
import type { CollectedSpans } from '../../support/collected-spans.js';
import { collectSpans, disableGlobals, noSignal, request } from '../../support/collected-spans.js';
import { answer, fine, setUp, stopped } from '../../support/source-on-fake.js';

let spans: CollectedSpans;
beforeEach(() => {
  spans = collectSpans();
});
afterEach(() => {
  disableGlobals();
  vi.useRealTimers();
});

const options = () => ({ activityName: 'sum', tracerProvider: spans.tracerProvider });

describe('a span', () => {
  it('is one a task, of the conventions for messaging, with its status left unset if all is well', async () => {
    await traceInvoke(fine, options())(request, noSignal());
    const span = spans.one();
    expect(span.name).toBe('process sum');
    expect(span.kind).toBe(SpanKind.CONSUMER);
    expect(span.instrumentationScope.name).toBe('stepfunc-source');
    expect(span.attributes).toEqual({
      'messaging.system': 'aws_step_functions',
      'stepfunc_source.task.id': request.task,
      'messaging.destination.name': 'sum',
      'messaging.operation.name': 'process',
      'messaging.operation.type': 'process',
      'http.response.status_code': 200,
    });
    expect(span.status).toEqual({ code: SpanStatusCode.UNSET });
    expect(span.events).toEqual([]);
  });

  it('is active while invoke runs, so that spans started there belong to it', async () => {
    const tracer = spans.tracerProvider.getTracer('component client');
    const invoke = traceInvoke(async () => {
      await Promise.resolve();
      tracer.startSpan('POST').end();
      return answer();
    }, options());
    await invoke(request, noSignal());
    const [inner, outer] = spans.ended();
    expect([inner?.name, outer?.name]).toEqual(['POST', 'process sum']);
    expect(inner?.parentSpanContext?.spanId).toBe(outer?.spanContext().spanId);
    expect(trace.getActiveSpan()).toBeUndefined();
  });

  it('ends with invoke, and no sooner', async () => {
    let resolve: (value: ReturnType<typeof answer>) => void = () => undefined;
    const invoke = traceInvoke(() => new Promise((r) => (resolve = r)), options());
    const answered = invoke(request, noSignal());
    await Promise.resolve();
    expect(spans.ended()).toHaveLength(0);
    resolve(answer());
    await answered;
    expect(spans.ended()).toHaveLength(1);
  });

  it('is one of a trace of its own, whatever the source was started in', async () => {
    const starting = spans.tracerProvider.getTracer('app').startSpan('start');
    const invoke = traceInvoke(fine, options());
    await context.with(trace.setSpan(ROOT_CONTEXT, starting), async () => {
      await invoke(request, noSignal());
      await invoke(request, noSignal());
    });
    const ended = spans.ended();
    expect(ended.map(({ parentSpanContext }) => parentSpanContext)).toEqual([undefined, undefined]);
    const traces = [starting, ...ended].map((span) => span.spanContext().traceId);
    expect(new Set(traces).size).toBe(3);
  });

  it('goes under the parent that is named, and under none if that fails', async () => {
    const remote = `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`;
    const withParent = (parent: NonNullable<Parameters<typeof traceInvoke>[1]['parent']>) =>
      traceInvoke(fine, { ...options(), parent });
    const fromInput = withParent(({ body }) =>
      propagation.extract(ROOT_CONTEXT, JSON.parse(body) as object),
    );
    await fromInput({ ...request, body: JSON.stringify({ traceparent: remote }) }, noSignal());
    await fromInput({ ...request, body: 'not JSON' }, noSignal());
    await withParent(() => undefined)(request, noSignal());
    const [first, ...others] = spans.ended();
    expect(first?.spanContext().traceId).toBe('a'.repeat(32));
    expect(first?.parentSpanContext?.spanId).toBe('b'.repeat(16));
    expect(others.map((span) => span.parentSpanContext)).toEqual([undefined, undefined]);
  });
});

describe('headers', () => {
  it('carry the span on, in a copy of the request', async () => {
    const got: InvokeRequest[] = [];
    const signal = noSignal();
    const invoke = traceInvoke(async (sent, given) => {
      expect(given).toBe(signal);
      got.push(sent);
      return answer();
    }, options());
    await invoke(request, signal);
    const { traceId, spanId } = spans.one().spanContext();
    expect(got).toEqual([
      {
        ...request,
        headers: {
          'content-type': 'application/json',
          traceparent: `00-${traceId}-${spanId}-01`,
        },
      },
    ]);
    expect(request.headers).toEqual({ 'content-type': 'application/json' });
  });

  it('carry tracestate on', async () => {
    const invoke = vi.fn(fine);
    const carrier = {
      traceparent: `00-${'a'.repeat(32)}-${'b'.repeat(16)}-01`,
      tracestate: 'vendor=1',
    };
    const parent = () => propagation.extract(ROOT_CONTEXT, carrier);
    await traceInvoke(invoke, { ...options(), parent })(request, noSignal());
    expect(invoke.mock.calls[0]?.[0].headers).toMatchObject({ tracestate: 'vendor=1' });
  });

  it('are left alone with injectHeaders: false', async () => {
    const invoke = vi.fn(fine);
    await traceInvoke(invoke, { ...options(), injectHeaders: false })(request, noSignal());
    expect(invoke.mock.calls[0]?.[0]).toBe(request);
    expect(spans.ended()).toHaveLength(1);
  });
});

describe('on a source', () => {
  it('T9, T10: spans end in time, and hold no input, output, cause or error text', async () => {
    vi.useFakeTimers();
    const { sfn, source } = setUp(
      traceInvoke(async ({ body }) => {
        if (body.includes('hang')) return new Promise(() => undefined);
        if (body.includes('throw')) throw new Error('SECRET in an error');
        if (body.includes('bad')) {
          return { status: 400, headers: { 'step-func-cause': 'SECRET cause' }, body: 'SECRET' };
        }
        return answer('"SECRET output"');
      }, options()),
      { invokeTimeoutMs: 3_000 },
    );
    await source.start();
    for (const what of ['good', 'bad', 'throw', 'hang']) {
      const ran = sfn.runTask('sum', [`SECRET ${what}`]);
      await vi.advanceTimersByTimeAsync(3_000);
      await ran;
    }
    const ended = spans.ended();
    expect(ended.map(({ attributes }) => attributes['error.type'])).toEqual([
      undefined,
      'StepFuncSource.Http400',
      'StepFuncSource.InvokeFailed',
      'StepFuncSource.Timeout',
    ]);
    expect(new Set(ended.map((span) => span.spanContext().traceId)).size).toBe(4);
    const exported = ended.map(({ name, attributes, events, status }) => [
      name,
      attributes,
      events,
      status,
    ]);
    expect(JSON.stringify(exported)).not.toContain('SECRET');
    await stopped(source);
  });
});

describe('traceInvoke', () => {
  it('takes the global provider by default, even one that is set later', async () => {
    const invoke = traceInvoke(fine, { activityName: 'sum' });
    await invoke(request, noSignal());
    expect(spans.ended()).toHaveLength(0);
    trace.setGlobalTracerProvider(spans.tracerProvider);
    await invoke(request, noSignal());
    expect(spans.ended()).toHaveLength(1);
  });

  it('only passes on what is not sampled', async () => {
    const invoke = vi.fn(fine);
    const off = new BasicTracerProvider({
      sampler: new AlwaysOffSampler(),
      spanProcessors: [new SimpleSpanProcessor(spans.exporter)],
    });
    const traced = traceInvoke(invoke, { activityName: 'sum', tracerProvider: off });
    expect(await traced(request, noSignal())).toEqual(answer());
    expect(spans.ended()).toHaveLength(0);
    // The decision is passed on, too.
    expect(invoke.mock.calls[0]?.[0].headers['traceparent']).toMatch(/-00$/);
  });

  it('outlives a propagator that throws', async () => {
    propagation.disable();
    propagation.setGlobalPropagator({
      inject() {
        throw new Error('no');
      },
      extract: (given) => given,
      fields: () => [],
    });
    expect(await traceInvoke(fine, options())(request, noSignal())).toEqual(answer());
  });

  it.each([
    ['no invoke', undefined, { activityName: 'sum' }, /expected invoke, .* got nothing$/],
    ['no options', fine, undefined, /expected options\.activityName .* got nothing$/],
    ['an empty name', fine, { activityName: '' }, /expected options\.activityName .* got ""/],
  ])('refuses %s', (_, invoke, given, message) => {
    expect(() => traceInvoke(invoke as never, given as never)).toThrow(TypeError);
    expect(() => traceInvoke(invoke as never, given as never)).toThrow(message);
  });
});
