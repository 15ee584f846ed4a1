import { abortable } from 'abort-controller-x';
import { withTimeout } from '../async/timeout.js';
import { ActivityError } from './activity-error.js';
import type { Sfn } from './api.js';

export { ActivityError };

/** CreateActivity, the client's retries included. */
const RESOLVE_TIMEOUT_MS = 60_000;

/** The activity's ARN, and what to do once AWS says that there is no such activity. */
export interface Activity {
  /** The ARN, known or asked for. Rejects with an {@link ActivityError}, or when `signal` aborts. */
  arn(signal: AbortSignal): Promise<string>;
  /** The ARN as far as it is known. */
  known(): string | undefined;
  /** AWS does not know `arn`: the next `arn()` asks again, unless somebody has already. */
  forget(arn: string): void;
}

/**
 * Resolves by CreateActivity, which is idempotent by name: it creates the activity or finds it.
 * Whoever asks while an answer is under way gets that one, since AWS takes only one such call a
 * second (Step Functions quotas, "API action throttling"). A given ARN is never asked for.
 */
export function createActivity(
  sfn: Sfn,
  activityName: string,
  givenArn: string | undefined,
  lifetime: AbortSignal,
): Activity {
  let known = givenArn;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    try {
      return (known = await withTimeout(lifetime, RESOLVE_TIMEOUT_MS, (signal) =>
        sfn.createActivity(activityName, signal),
      ));
    } catch (error) {
      throw lifetime.aborted ? error : new ActivityError(activityName, error);
    } finally {
      asking = undefined;
    }
  }

  return {
    arn: async (signal) => known ?? abortable(signal, (asking ??= ask())),
    known: () => known,
    forget(arn) {
      if (known === arn && arn !== givenArn) known = undefined;
    },
  };
}

/** The region in an activity's ARN: `arn:aws:states:eu-west-1:…`. */
export function regionInArn(activityArn: string | undefined): string | undefined {
  return activityArn?.split(':')[3];
}
