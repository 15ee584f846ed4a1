import type { Sfn } from '../../lib/sfn/api.js';

/** An error as the SDK throws it, known by its name. */
export function awsError(name: string, fields: object = {}): Error {
  return Object.assign(new Error(`the message of ${name}`), { name, ...fields });
}

export interface FakeCalls extends Sfn {
  /** What was sent, in order: the call's name and what it carried. */
  sent: unknown[][];
}

/** The five calls, answered from a list: an error is thrown, anything else is fine. */
export function fakeCalls(
  answers: (Error | 'fine' | 'never')[],
  overrides: Partial<Sfn> = {},
): FakeCalls {
  const sent: unknown[][] = [];
  const answer = async (signal: AbortSignal, ...call: unknown[]): Promise<number> => {
    sent.push(call);
    const next = answers.shift() ?? 'fine';
    if (next === 'never') {
      await new Promise((_, reject) =>
        signal.addEventListener('abort', () => reject(signal.reason as Error), { once: true }),
      );
    }
    if (next instanceof Error) throw next;
    return 1;
  };
  return {
    sent,
    createActivity: async (name, signal) => {
      await answer(signal, 'CreateActivity', name);
      return `arn:aws:states:eu-west-1:123456789012:activity:${name}`;
    },
    getActivityTask: async (arn, _, signal) => {
      await answer(signal, 'GetActivityTask', arn);
      return undefined;
    },
    sendTaskSuccess: (token, output, signal) => answer(signal, 'SendTaskSuccess', token, output),
    sendTaskFailure: (token, failure, signal) => answer(signal, 'SendTaskFailure', token, failure),
    sendTaskHeartbeat: async (token, signal) => {
      await answer(signal, 'SendTaskHeartbeat', token);
    },
    ...overrides,
  };
}
