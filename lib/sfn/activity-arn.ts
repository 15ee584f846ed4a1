import { abortable } from 'abort-controller-x';
import type { Clock } from '../async/clock.js';
import { withTimeout } from '../async/timeout.js';
import { ActivityError } from './activity-error.js';
import type { Sfn } from './api.js';

export { ActivityError };

/** How long CreateActivity may take, the client's retries included. */
const RESOLVE_TIMEOUT_MS = 60_000;

/** The ARN of an activity, which may be deleted meanwhile. */
export interface Activity {
  /** The ARN, known or asked for. Rejects with an {@link ActivityError}, or when `signal` aborts. */
  arn(signal: AbortSignal): Promise<string>;
  /** The ARN, if it is known. */
  known(): string | undefined;
  /** AWS does not know this ARN. The next `arn()` asks again, unless another call has already. */
  forget(arn: string): void;
}

/**
 * Asks for the ARN by CreateActivity, which creates the activity or finds it. Calls at the same time
 * share one answer, since AWS takes only one CreateActivity a second. A given ARN is never asked for.
 *
 * @see {@link https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html} "API action
 * throttling"
 */
export function createActivity(
  sfn: Sfn,
  activityName: string,
  givenArn: string | undefined,
  shutdown: AbortSignal,
  clock: Clock,
): Activity {
  let known = givenArn;
  let asking: Promise<string> | undefined;

  async function ask(): Promise<string> {
    try {
      return (known = await withTimeout(
        shutdown,
        RESOLVE_TIMEOUT_MS,
        (signal) => sfn.createActivity(activityName, signal),
        clock,
      ));
    } catch (error) {
      throw shutdown.aborted ? error : new ActivityError(activityName, error);
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
