import type { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, expectTypeOf, it } from 'vitest';
import type {
  Invoke,
  InvokeAbortError,
  InvokeRequest,
  InvokeResponse,
  Logger,
  SfnClient,
  SfnClients,
  StepFuncSource,
  StepFuncSourceConfig,
  StepFuncSourceOptions,
  StepFuncSourceState,
  StepFuncSourceStatus,
  StopSummary,
  TaskResult,
} from 'stepfunc-source';
import { createStepFuncSource, ErrorName, toTaskResult } from 'stepfunc-source';
import { FakeSfn } from 'stepfunc-source/testing';

// What users write against the public face. These tests fail in the type check of the specs. A line
// that must not compile is marked. The mark itself is an error once the line compiles.

/** The shape of pino's log methods: fields first, or a message alone. */
interface PinoLike {
  debug: PinoLogFn;
  info: PinoLogFn;
  warn: PinoLogFn;
  error: PinoLogFn;
  level: string;
}
interface PinoLogFn {
  /* eslint-disable @typescript-eslint/no-unnecessary-type-parameters -- as pino has them */
  <T, M extends string = string>(fields: T, message?: M, ...args: unknown[]): void;
  /* eslint-enable @typescript-eslint/no-unnecessary-type-parameters */
  (fields: unknown, message?: string, ...args: unknown[]): void;
  (message: string, ...args: unknown[]): void;
}

const config: StepFuncSourceConfig = { activityName: 'sum', path: '/step/sum' };
const answer = async () => ({ status: 200, headers: {}, body: '1' });
const newSource = (options?: StepFuncSourceOptions) =>
  createStepFuncSource(config, answer, { client: new FakeSfn(), ...options });

describe('createStepFuncSource', () => {
  it('takes config, invoke and, if at all, options; gives the handle', () => {
    expectTypeOf(createStepFuncSource).parameter(0).toEqualTypeOf<StepFuncSourceConfig>();
    expectTypeOf(createStepFuncSource).parameter(1).toEqualTypeOf<Invoke>();
    expectTypeOf(createStepFuncSource)
      .parameter(2)
      .toEqualTypeOf<StepFuncSourceOptions | undefined>();
    expectTypeOf<[StepFuncSourceConfig, Invoke]>().toExtend<
      Parameters<typeof createStepFuncSource>
    >();
    expectTypeOf(createStepFuncSource).returns.toEqualTypeOf<StepFuncSource>();
    expect(newSource().state).toBe('stopped');
  });

  it('knows the keys of the config', () => {
    const wrong = () => [
      // @ts-expect-error -- the key is maxConcurrency
      createStepFuncSource({ ...config, maxconcurrency: 1 }, answer),
      // @ts-expect-error -- a number is wanted
      createStepFuncSource({ ...config, maxConcurrency: '10' }, answer),
      // @ts-expect-error -- invoke is missing
      createStepFuncSource(config),
      // @ts-expect-error -- the option is client
      createStepFuncSource(config, answer, { clients: new FakeSfn() }),
    ];
    expect(wrong).toThrow();
    expectTypeOf<{
      activityName: string;
      path: string;
      maxConcurrency: number;
      concurrencyPerPoller: number;
      invokeTimeoutMs: number;
      heartbeatIntervalMs: number;
      workerName: string;
      activityArn: string;
    }>().toExtend<StepFuncSourceConfig>();
    // As it comes from an environment in which not everything is set.
    expectTypeOf<{
      activityName: string;
      path: string;
      maxConcurrency: number | undefined;
    }>().toExtend<StepFuncSourceConfig>();
  });
});

describe('Invoke', () => {
  it('is one line of fetch', () => {
    const invoke: Invoke = (request, signal) =>
      fetch(`http://localhost:8080${request.path}`, { ...request, signal });
    expectTypeOf(invoke).returns.resolves.toEqualTypeOf<InvokeResponse | Response>();
    expectTypeOf<InvokeRequest>().toExtend<RequestInit>();
    expect(() => createStepFuncSource(config, invoke)).not.toThrow();
  });

  it('may ignore its arguments, and answer with headers of Node, undici or fetch', () => {
    expectTypeOf(answer).toExtend<Invoke>();
    expectTypeOf<
      () => Promise<{ status: number; headers: NodeJS.Dict<string | string[]>; body: string }>
    >().toExtend<Invoke>();
    expectTypeOf<
      () => Promise<{ status: number; headers: Headers; body: string }>
    >().toExtend<Invoke>();
    expectTypeOf<() => Promise<Response>>().toExtend<Invoke>();
  });

  it('is refused if its answer is none', () => {
    expectTypeOf<() => Promise<void>>().not.toExtend<Invoke>();
    expectTypeOf<() => Promise<string>>().not.toExtend<Invoke>();
    expectTypeOf<() => Promise<{ status: number; body: string }>>().not.toExtend<Invoke>();
    expectTypeOf<
      () => Promise<{ status: string; headers: Headers; body: string }>
    >().not.toExtend<Invoke>();
    expectTypeOf<
      () => Promise<{ status: number; headers: Headers; body: object }>
    >().not.toExtend<Invoke>();
    expectTypeOf<(request: { url: string }) => Promise<Response>>().not.toExtend<Invoke>();
    expectTypeOf<string>().not.toExtend<Invoke>();
  });

  it('gets what fetch needs, and a signal whose reason says why', () => {
    expectTypeOf<InvokeRequest['method']>().toEqualTypeOf<'POST'>();
    expectTypeOf<InvokeRequest['headers']>().toEqualTypeOf<Record<string, string>>();
    expectTypeOf<Parameters<Invoke>>().toEqualTypeOf<[InvokeRequest, AbortSignal]>();
    expectTypeOf<InvokeAbortError['code']>().toEqualTypeOf<
      'timeout' | 'closed' | 'leaseLost' | 'stopped'
    >();
  });
});

describe('options', () => {
  it("client is the SDK's, the test kit's, or one of each", () => {
    expectTypeOf<SFNClient>().toExtend<SfnClient>();
    expectTypeOf<FakeSfn>().toExtend<SfnClient>();
    expectTypeOf<{ poll: SFNClient; report: SFNClient }>().toExtend<SfnClients>();
    expectTypeOf<{ poll: FakeSfn; report: SFNClient }>().toExtend<SfnClients>();
    expectTypeOf<{ client: SFNClient }>().toExtend<StepFuncSourceOptions>();
    expectTypeOf<{ client: FakeSfn }>().toExtend<StepFuncSourceOptions>();
    expectTypeOf<{
      client: { poll: SFNClient; report: FakeSfn };
    }>().toExtend<StepFuncSourceOptions>();
    const fake = new FakeSfn();
    expect(newSource({ client: { poll: fake, report: fake } }).state).toBe('stopped');
  });

  it('client is nothing else', () => {
    expectTypeOf<{ client: null }>().not.toExtend<StepFuncSourceOptions>();
    expectTypeOf<{ client: string }>().not.toExtend<StepFuncSourceOptions>();
    expectTypeOf<{ client: object }>().not.toExtend<StepFuncSourceOptions>();
    expectTypeOf<{ client: { poll: SFNClient } }>().not.toExtend<StepFuncSourceOptions>();
    expectTypeOf<{ client: { report: SFNClient } }>().not.toExtend<StepFuncSourceOptions>();
    expectTypeOf<{ send: string }>().not.toExtend<SfnClient>();
    expectTypeOf<{ send(command: object): string }>().not.toExtend<SfnClient>();
    expectTypeOf<{
      client: { poll: string; report: FakeSfn };
    }>().not.toExtend<StepFuncSourceOptions>();
  });

  it("logger is pino's shape, or console", () => {
    expectTypeOf<PinoLike>().toExtend<Logger>();
    expectTypeOf<Console>().toExtend<Logger>();
    expectTypeOf<{ logger: PinoLike }>().toExtend<StepFuncSourceOptions>();
    expectTypeOf<{ logger: Console | undefined }>().toExtend<StepFuncSourceOptions>();
    expect(newSource({ logger: console }).state).toBe('stopped');
  });

  it('logger is nothing that lacks a level, or takes the message first', () => {
    expectTypeOf<Pick<Console, 'info' | 'warn' | 'error'>>().not.toExtend<Logger>();
    expectTypeOf<Record<keyof Logger, string>>().not.toExtend<Logger>();
    expectTypeOf<Logger[keyof Logger]>().parameters.toEqualTypeOf<[object, string]>();
  });
});

describe('the handle', () => {
  it('start, stop and run resolve to what they say', () => {
    expectTypeOf<StepFuncSource['start']>().returns.resolves.toBeVoid();
    expectTypeOf<StepFuncSource['stop']>().returns.resolves.toEqualTypeOf<StopSummary>();
    expectTypeOf<StepFuncSource['run']>().returns.resolves.toEqualTypeOf<StopSummary>();
    expectTypeOf<StepFuncSource['run']>().parameter(0).toEqualTypeOf<AbortSignal>();
    expectTypeOf<StepFuncSource>().toExtend<AsyncDisposable>();
    const wrong = [
      // @ts-expect-error -- an object is wanted
      () => newSource().stop(1_000),
      // @ts-expect-error -- the key is graceMs
      () => newSource().stop({ grace: 1_000 }),
      // @ts-expect-error -- a signal is wanted
      () => newSource().run(),
    ];
    expect(wrong).toHaveLength(3);
  });

  it('state can be read, and not set', () => {
    expectTypeOf<StepFuncSource['state']>().toEqualTypeOf<StepFuncSourceState>();
    expectTypeOf<StepFuncSourceState>().toEqualTypeOf<
      'stopped' | 'starting' | 'running' | 'stopping'
    >();
    const source = newSource();
    expect(() => {
      // @ts-expect-error -- it is read-only
      source.state = 'running';
    }).toThrow(TypeError);
  });

  it('status is plain data', () => {
    const status = newSource().status();
    expectTypeOf(status).toEqualTypeOf<StepFuncSourceStatus>();
    expectTypeOf(status).toExtend<{
      state: StepFuncSourceState;
      activityArn: string | undefined;
      pollers: { poller: number; concurrency: number; openPolls: number; tasks: number }[];
      received: number;
      succeeded: number;
      failed: number;
      lost: number;
      pollsFailed: number;
    }>();
    expect(structuredClone(status)).toEqual(status);
  });
});

describe('the mapper and the error names', () => {
  it('toTaskResult returns a success or a failure, by its outcome', () => {
    const result = toTaskResult({ status: 200, headers: {}, body: '1' });
    expectTypeOf(result).toEqualTypeOf<TaskResult>();
    if (result.outcome === 'success') expectTypeOf(result.output).toBeString();
    else expectTypeOf([result.error, result.cause]).toEqualTypeOf<string[]>();
    // @ts-expect-error -- a failure has no output
    expect(result.output).toBe('1');
  });

  it('ErrorName holds literals, and can not be changed', () => {
    expectTypeOf(ErrorName.Timeout).toEqualTypeOf<'StepFuncSource.Timeout'>();
    const change = () => {
      // @ts-expect-error -- it is read-only
      ErrorName.Timeout = 'Other';
    };
    expect(change).toBeTypeOf('function');
  });
});
