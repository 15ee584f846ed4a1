import type { Attributes, Context, Span, TracerProvider } from '@opentelemetry/api';
import {
  context,
  propagation,
  ROOT_CONTEXT,
  SpanKind,
  SpanStatusCode,
  trace,
} from '@opentelemetry/api';
import { errorName } from '../sfn/errors.js';
import { callSafely } from '../common/call-safely.js';
import { ErrorName } from '../task/error-name.js';
import { getProperty } from '../common/property.js';
import type { Invoke, InvokeRequest, InvokeResponse } from '../task/invoke.js';
import { InvokeAbortError } from '../task/invoke.js';
import { toTaskResult } from '../task/result.js';
import { formatValue } from '../common/format-value.js';
import { onAbort } from '../async/on-abort.js';
import { attributesOf } from '../task/task-attributes.js';
import { isPathless, pathless } from '../task/pathless.js';
import { activityAttributes, Attribute, SCOPE, TASK_ATTRIBUTE_PREFIX } from './attributes.js';
import { checkKeys } from '../common/check-keys.js';

/** The second argument of `traceInvoke`. */
export interface TraceOptions {
  /** The activity's name, as in the source's config. */
  activityName: string;
  /**
   * The provider of the tracer.
   *
   * @default the global provider
   */
  tracerProvider?: TracerProvider | undefined;
  /**
   * Whether the global propagator puts the span's context into the request's headers. Set it to false
   * if `fetch` or undici is instrumented: that adds a second `traceparent`, and a receiver ignores two.
   *
   * @default true
   */
  injectHeaders?: boolean | undefined;
  /**
   * Returns the context of the span's parent, for example from the input. Undefined begins a new trace.
   * If the function throws, the error is dropped, and a new trace begins.
   *
   * @default a new trace for each task
   */
  parent?: ((request: InvokeRequest) => Context | undefined) | undefined;
}

/**
 * Wraps an invoke, so that each task gets a span `process <activityName>` of kind CONSUMER. The span is
 * active while the invoke runs. The request is copied, not changed.
 *
 * The span ends when the source aborts the invoke (a timeout, a stop), even if the invoke goes on. It
 * has no input, output, cause, token or message of an error.
 *
 * @throws TypeError if `invoke` or `activityName` is missing.
 * @example
 * ```ts
 * const invoke = traceInvoke(httpInvoke('http://localhost:8080'), { activityName: 'sum' });
 * const source = createStepFuncSource({ activityName: 'sum', path: '/step/sum' }, invoke);
 * ```
 */
export function traceInvoke(invoke: Invoke, options: TraceOptions): Invoke {
  checkArguments(invoke, options);
  const { activityName, tracerProvider = trace.getTracerProvider() } = options;
  const { injectHeaders = true, parent } = options;
  const tracer = tracerProvider.getTracer(SCOPE);
  const attributes = {
    ...activityAttributes(activityName),
    [Attribute.OperationName]: 'process',
    [Attribute.OperationType]: 'process',
  };

  const traced: Invoke = async (request, signal) => {
    // Polls run in the context in which the source was started. A task must not become its child.
    const outer = parentOf(request, parent) ?? ROOT_CONTEXT;
    const span = tracer.startSpan(
      `process ${activityName}`,
      { kind: SpanKind.CONSUMER, attributes: { ...attributes, ...taskAttributes(request) } },
      outer,
    );
    const inner = trace.setSpan(outer, span);
    const detach = onAbort(signal, () => end(span, () => tellAborted(span, signal.reason)));
    try {
      const sent = injectHeaders ? withHeadersOf(inner, request) : request;
      const answer = await context.with(inner, () => invoke(sent, signal));
      end(span, () => tellAnswer(span, answer));
      return answer;
    } catch (error) {
      end(span, () => tellThrown(span, error));
      throw error;
    } finally {
      detach();
    }
  };
  // A function in the same process needs no path, traced or not.
  return isPathless(invoke) ? Object.assign(traced, { [pathless]: true }) : traced;
}

/** The task's id, and what `taskAttributes` picked. */
function taskAttributes(request: InvokeRequest): Attributes {
  const picked = Object.entries(attributesOf(request)).map(
    ([name, value]) => [TASK_ATTRIBUTE_PREFIX + name, value] as const,
  );
  return {
    [Attribute.TaskId]: request.task,
    ...(Object.fromEntries(picked) as Attributes),
  };
}

function parentOf(request: InvokeRequest, parent: TraceOptions['parent']): Context | undefined {
  try {
    return parent?.(request);
  } catch {
    return undefined;
  }
}

function withHeadersOf(inner: Context, request: InvokeRequest): InvokeRequest {
  const headers = { ...request.headers };
  callSafely(() => propagation.inject(inner, headers));
  return { ...request, headers };
}

/** Records the outcome, and ends the span. Only the first call counts. */
function end(span: Span, record: () => void): void {
  // A span that has ended, or is not sampled, does not record.
  if (!span.isRecording()) return;
  // A response may be any value. The source itself refuses a wrong one.
  callSafely(record);
  span.end();
}

function tellAnswer(span: Span, answer: unknown): void {
  const status = getProperty(answer, 'status');
  const headers = getProperty(answer, 'headers');
  if (typeof status === 'number') span.setAttribute(Attribute.HttpStatus, status);
  if (typeof status !== 'number' || typeof headers !== 'object' || headers === null) {
    tellError(span, ErrorName.InvokeFailed);
    return;
  }
  // Only the error's name: the body may be unread, and holds the cause.
  const response = { status, headers: headers as InvokeResponse['headers'], body: '' };
  const result = toTaskResult(response);
  if (result.outcome === 'failure') tellError(span, result.error);
}

function tellThrown(span: Span, error: unknown): void {
  span.recordException({ name: errorName(error) });
  tellError(span, ErrorName.InvokeFailed, namesOf(error));
}

function tellAborted(span: Span, reason: unknown): void {
  if (reason instanceof InvokeAbortError) tellError(span, abortErrors[reason.code], reason.message);
  else tellError(span, errorName(reason));
}

/**
 * The error name that is reported to Step Functions. If none is, the reason of the event
 * `taskLost`.
 */
const abortErrors: Record<InvokeAbortError['code'], string> = {
  timeout: ErrorName.Timeout,
  stopped: ErrorName.Stopped,
  leaseLost: ErrorName.LeaseLost,
  closed: 'closed',
};

function tellError(span: Span, errorType: string, message?: string): void {
  span.setAttribute(Attribute.ErrorType, errorType);
  span.setStatus({ code: SpanStatusCode.ERROR, ...(message !== undefined && { message }) });
}

/** A longer chain of causes is cut. */
const MAX_DEPTH = 8;

/**
 * The names of an error and its causes: `TypeError <- ECONNREFUSED`. Their messages may have the
 * task's data.
 */
function namesOf(thrown: unknown): string {
  const names: string[] = [];
  for (let error = thrown; names.length < MAX_DEPTH; error = getProperty(error, 'cause')) {
    if (error === undefined && names.length > 0) break;
    names.push(errorName(error));
  }
  return names.join(' <- ');
}

function checkArguments(invoke: unknown, options: unknown): void {
  if (typeof invoke !== 'function') {
    throw new TypeError(
      `traceInvoke: expected invoke, a function (request, signal) => Promise of the component's response, got ${formatValue(invoke)}`,
    );
  }
  const known = ['activityName', 'tracerProvider', 'injectHeaders', 'parent'];
  checkKeys('traceInvoke', options ?? {}, known);
  const activityName = getProperty(options, 'activityName');
  if (typeof activityName !== 'string' || activityName === '') {
    throw new TypeError(
      `traceInvoke: expected options.activityName to be the activity's name, got ${formatValue(activityName)}`,
    );
  }
}
