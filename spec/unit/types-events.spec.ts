import { describe, expect, expectTypeOf, it } from 'vitest';
import type {
  EventName,
  Listener,
  StepFuncSource,
  StepFuncSourceEvents,
  StepFuncSourceState,
} from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { FakeSfn } from 'stepfunc-source/testing';

// What users write against the events. As in types.spec.ts, it is the type check that fails.

const newSource = () =>
  createStepFuncSource(
    { activityName: 'sum', path: '/step/sum' },
    async () => ({ status: 200, headers: {}, body: '1' }),
    { client: new FakeSfn() },
  );

describe('StepFuncSourceEvents', () => {
  interface Poller {
    activityName: string;
    poller: number;
  }
  interface Task extends Poller {
    task: string;
  }
  interface Ended extends Task {
    durationMs: number;
    invokeMs: number;
  }
  interface Reported extends Ended {
    attempts: number;
  }

  interface Trouble {
    error: string;
    message: string;
  }
  interface CallTrouble extends Trouble {
    requestId: string | undefined;
  }
  /** An event that is missing here does not compile below. */
  interface Expected {
    stateChanged: { activityName: string; from: StepFuncSourceState; to: StepFuncSourceState };
    startFailed: { activityName: string; retryInMs: number | undefined } & CallTrouble;
    taskReceived: Task;
    taskSucceeded: Reported;
    taskFailed: Reported & { error: string; message?: string | undefined };
    taskLost: Ended & { reason: 'closed' | 'unknown' | 'abandoned' };
    pollFailed: Poller & CallTrouble & { retryInMs: number };
    heartbeatFailed: Task & CallTrouble;
    reportFailed: Task & CallTrouble;
    leaseAcquired: Poller;
    leaseLost: Poller & Trouble;
    leaseReleased: Poller;
    lockStoreFailed: { activityName: string; poller: number | undefined } & Trouble;
  }

  it('each has its fields', () => {
    expectTypeOf<keyof Expected>().toEqualTypeOf<EventName>();
    expectTypeOf<StepFuncSourceEvents>().toExtend<Expected>();
    expectTypeOf<EventName>().toEqualTypeOf<keyof StepFuncSourceEvents>();
    expectTypeOf<StepFuncSourceEvents[EventName]>().toExtend<{ activityName: string }>();
  });

  it('listeners get the fields of their event, and calls can be chained', () => {
    const source = newSource();
    const same = source
      .on('taskSucceeded', (event) => {
        expectTypeOf(event.durationMs).toBeNumber();
        expectTypeOf(event).toEqualTypeOf<StepFuncSourceEvents['taskSucceeded']>();
      })
      .once('taskLost', ({ reason }) => {
        expectTypeOf(reason).toEqualTypeOf<'closed' | 'unknown' | 'abandoned'>();
      })
      .on('taskFailed', async ({ error }) => {
        expectTypeOf(error).toBeString();
      })
      .on('stateChanged', () => undefined);
    expect(same).toBe(source);
    expectTypeOf(same).toEqualTypeOf<StepFuncSource>();
    expectTypeOf<Listener<'pollFailed'>>()
      .parameter(0)
      .toEqualTypeOf<StepFuncSourceEvents['pollFailed']>();
  });

  it('T10: there is no token, input, output or cause to get', () => {
    type Fields<E> = E extends object ? keyof E : never;
    type AnyField = Fields<StepFuncSourceEvents[EventName]>;
    expectTypeOf<
      Extract<AnyField, 'token' | 'taskToken' | 'input' | 'output' | 'cause' | 'body'>
    >().toBeNever();
    expectTypeOf<Extract<AnyField, 'task' | 'error'>>().toEqualTypeOf<'task' | 'error'>();
  });

  it('wrong names and fields are refused', () => {
    const source = newSource();
    // @ts-expect-error -- there is no such event
    expect(() => source.on('taskDone', () => undefined)).toThrow(TypeError);
    // @ts-expect-error -- the name is in camel case
    expect(() => source.once('statechanged', () => undefined)).toThrow(TypeError);
    // @ts-expect-error -- a report has no token
    source.on('taskFailed', ({ token }) => String(token));
    // @ts-expect-error -- only a failure has an error
    source.on('taskSucceeded', ({ error }) => String(error));
    // @ts-expect-error -- a state is one of four
    source.on('stateChanged', ({ to }) => to === 'paused');
    // @ts-expect-error -- the listener of one event is none of another
    source.off('taskReceived', (event: StepFuncSourceEvents['pollFailed']) =>
      String(event.retryInMs),
    );
    expect(source.state).toBe('stopped');
  });
});
