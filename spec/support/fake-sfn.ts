import {
  CreateActivityCommand,
  GetActivityTaskCommand,
  SendTaskFailureCommand,
  SendTaskHeartbeatCommand,
  SendTaskSuccessCommand,
} from '@aws-sdk/client-sfn';
import { expect, vi } from 'vitest';
import { FakeSfn } from 'stepfunc-source/testing';

interface Answer {
  activityArn?: string;
  creationDate?: Date;
  taskToken?: string;
  input?: string;
  $metadata: object;
}

/** A fake, and each call to it in a word. */
export function fakeSfn(options?: ConstructorParameters<typeof FakeSfn>[0]) {
  const sfn = new FakeSfn(options);
  const create = (name = 'sum') => send(sfn, new CreateActivityCommand({ name }));
  const poll = (abortSignal?: AbortSignal, name = 'sum') =>
    send(sfn, new GetActivityTaskCommand({ activityArn: sfn.activityArn(name) }), abortSignal);
  const succeed = (taskToken?: string, output = '{}') =>
    send(sfn, new SendTaskSuccessCommand({ taskToken, output }));
  const fail = (taskToken?: string, error?: string, cause?: string) =>
    send(sfn, new SendTaskFailureCommand({ taskToken, error, cause }));
  const beat = (taskToken?: string) => send(sfn, new SendTaskHeartbeatCommand({ taskToken }));
  return { sfn, create, poll, succeed, fail, beat };
}

export async function send(
  sfn: FakeSfn,
  command: object,
  abortSignal?: AbortSignal,
): Promise<Answer> {
  return (await sfn.send(command, abortSignal === undefined ? {} : { abortSignal })) as Answer;
}

/** What a promise has settled to, once everything that is due has run; `'pending'` if to nothing yet. */
export async function settled<T>(promise: Promise<T>): Promise<T | 'pending' | Error> {
  let state: T | 'pending' | Error = 'pending';
  promise.then(
    (value) => (state = value),
    (error: unknown) => (state = error as Error),
  );
  await vi.advanceTimersByTimeAsync(0);
  return state;
}

/** A promise whose rejection is looked at later. */
export function later<T>(promise: Promise<T>): Promise<T> {
  promise.catch(() => undefined);
  return promise;
}

export const named = (name: string): unknown => expect.objectContaining({ name }) as unknown;
