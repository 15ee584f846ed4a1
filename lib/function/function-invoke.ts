import { checkKeys } from '../common/check-keys.js';
import { formatError } from '../common/format-error.js';
import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import { leaveToItself } from '../common/leave-to-itself.js';
import { typeTag } from '../common/type-tag.js';
import { ErrorName } from '../task/error-name.js';
import type { InvokeRequest, InvokeResponse } from '../task/invoke.js';
import { pathless } from '../task/pathless.js';
import type { StandardSchema } from './standard-schema.js';
import { formatIssues, isStandardSchema, validate } from './standard-schema.js';
import { describeThrown } from './thrown-error.js';

/**
 * Does a task's work. Its result, or what it resolves to, is the task's output; `undefined` becomes
 * `null`. If it throws or rejects, the task fails with that error.
 */
export type Handler<Input = unknown> = (input: Input, context: HandlerContext) => unknown;

/** The second argument of a handler. */
export interface HandlerContext {
  /**
   * Aborts when the output is no longer wanted: at the timeout, when AWS has closed the task, at a lost
   * lease, or at a stop. Its `reason` says which. If the handler ignores it, its output is dropped.
   */
  signal: AbortSignal;
  /** The task's short id, as events and log lines have it. */
  task: string;
}

/** The second argument of `functionInvoke`, all optional. */
export interface FunctionInvokeOptions<Input> {
  /**
   * A schema for the input, of zod, valibot, arktype or any other library with Standard Schema v1. The
   * handler gets the schema's output. If the input does not fit, the task fails with
   * `StepFuncSource.InvalidInput`, and the cause names the wrong paths.
   *
   * @default the input is not checked
   */
  input?: StandardSchema<Input> | undefined;
}

/** The invoke that `functionInvoke` returns. With it, the config needs no `path`. */
export interface FunctionInvoke {
  (request: InvokeRequest, signal: AbortSignal): Promise<InvokeResponse>;
  readonly [pathless]: true;
}

/**
 * Makes the invoke for a component that is a function of the same process.
 *
 * - The task's input is parsed, and checked if `options.input` is given.
 * - The output is serialized by `JSON.stringify`. If that fails (a BigInt, a cycle), the task fails
 *   with `StepFuncSource.InvalidOutput`.
 * - If the function throws, the task fails with the name of the error. The cause is the JSON that AWS
 *   Lambda writes, `{"errorType","errorMessage","trace"}`, cut to AWS's limit. A name that begins with
 *   `States.` becomes `Error`, since AWS reserves such names.
 *
 * A handler that never settles fails after `invokeTimeoutMs`. A handler that blocks the event loop
 * stops the whole source, heartbeats included: run it in a worker thread.
 *
 * @throws TypeError if `handler` is no function, if an option is unknown, or if `options.input` is no
 * schema.
 * @see {@link https://docs.aws.amazon.com/lambda/latest/dg/nodejs-exceptions.html}
 * @example
 * ```ts
 * const invoke = functionInvoke(({ numbers }) => Math.max(...numbers), {
 *   input: z.object({ numbers: z.array(z.number()) }),
 * });
 * const source = createStepFuncSource({ activityName: 'sum' }, invoke);
 * ```
 */
export function functionInvoke<Input = unknown>(
  handler: Handler<Input>,
  options: FunctionInvokeOptions<Input> = {},
): FunctionInvoke {
  checkHandler(handler);
  const { input: schema } = checkOptions(options);

  async function invoke(request: InvokeRequest, signal: AbortSignal): Promise<InvokeResponse> {
    let output: unknown;
    try {
      const parsed = parseJson(request.body);
      if ('problem' in parsed) return failed(ErrorName.InvalidInput, parsed.problem);
      const checked = schema === undefined ? parsed : await validate(schema, parsed.value);
      if (checked.issues !== undefined) {
        const issues = formatIssues(checked.issues);
        return failed(ErrorName.InvalidInput, `The input does not fit the schema:\n${issues}`);
      }
      // A schema may take long: without this, a task that is over would still be run.
      signal.throwIfAborted();
      // Without a schema, the type is what the caller says it is.
      output = await handler(checked.value as Input, { signal, task: request.task });
    } catch (thrown) {
      leaveToItself(thrown);
      const { error, cause } = describeThrown(thrown);
      return failed(error, cause);
    }
    return succeeded(output);
  }

  return Object.assign(invoke, { [pathless]: true } as const);
}

interface Parsed {
  value: unknown;
  issues?: undefined;
}

function parseJson(body: string): Parsed | { problem: string } {
  try {
    return { value: JSON.parse(body) as unknown };
  } catch {
    // Without the parser's words: they quote the input.
    return { problem: `The input is not JSON: ${body.length} characters` };
  }
}

function succeeded(output: unknown): InvokeResponse {
  if (typeof output === 'function' || typeof output === 'symbol') {
    return failed(ErrorName.InvalidOutput, `The handler returned ${formatValue(output)}`);
  }
  try {
    // Undefined also comes from a toJSON that returns nothing.
    const json = (JSON.stringify(output) as string | undefined) ?? 'null';
    // Few outputs contain this text. The slow search runs for those alone.
    const lost = json.includes('{}') ? whatIsLost(output) : undefined;
    if (lost !== undefined) return failed(ErrorName.InvalidOutput, lost);
    return { status: 200, headers: { 'content-type': 'application/json' }, body: json };
  } catch (error) {
    const why = formatError(error);
    return failed(
      ErrorName.InvalidOutput,
      `The handler's output can not be written as JSON: ${why}`,
    );
  }
}

/**
 * Says what JSON would lose of an output, by writing it as `{}`. That is an output that is a Response,
 * a Map or a generator, and a promise anywhere in it that was not awaited.
 */
function whatIsLost(output: unknown): string | undefined {
  if (typeof output === 'object' && typeTag(output) !== 'Object' && isEmpty(output)) {
    return `The handler returned ${formatValue(output)}, of which JSON keeps nothing`;
  }
  let lost: string | undefined;
  JSON.stringify(output, (key, value: unknown) => {
    if (typeTag(value) !== 'Promise' || !isEmpty(value)) return value;
    leaveToItself(value);
    lost ??= `The handler's output has a promise in ${JSON.stringify(key)}, which must be awaited`;
    return value;
  });
  return lost;
}

function isEmpty(value: unknown): boolean {
  return JSON.stringify(value) === '{}';
}

function failed(error: string, cause: string): InvokeResponse {
  const headers = { 'step-func-error': asHeader(error), 'step-func-cause': asHeader(cause) };
  return { status: 500, headers, body: '' };
}

/**
 * Text as a header has it: each byte of its UTF-8 as one character. Without that, some texts in
 * Latin-1 would be read as UTF-8.
 */
function asHeader(text: string): string {
  return Buffer.from(text, 'utf8').toString('latin1');
}

function checkHandler(handler: unknown): void {
  if (typeof handler === 'function') return;
  throw new TypeError(
    `functionInvoke: expected handler to be a function (input, { signal, task }) => output, got ${formatValue(handler)}`,
  );
}

function checkOptions<Input>(options: FunctionInvokeOptions<Input>): FunctionInvokeOptions<Input> {
  if (isStandardSchema(options)) {
    throw new TypeError('functionInvoke: expected options, got a schema; did you mean { input }?');
  }
  checkKeys('functionInvoke', options, ['input']);
  const input: unknown = getProperty(options, 'input');
  if (input === undefined || isStandardSchema(input)) return options;
  throw new TypeError(
    `functionInvoke: expected options.input to be a schema with Standard Schema v1 (zod from 3.24, valibot from 1.0, arktype from 2.0), got ${formatValue(input)}`,
  );
}
