import { errorMessage } from './error-message.js';
import { errorName } from './errors.js';
import type { StartFailureKind } from './start-failure.js';
import { startFailureKind } from './start-failure.js';

/**
 * The source could not start, since it could not get the activity's ARN. `message` quotes AWS, the
 * network or the SDK, and says what to do. `cause` is their error.
 */
export class ActivityError extends Error {
  /** Distinguishes this error from others, without `instanceof`. */
  override readonly name = 'ActivityError';

  constructor(activityName: string, cause: unknown, attempted = 'CreateActivity') {
    const [name, message] = [errorName(cause), errorMessage(cause)];
    const words = message.includes(name) ? message : `${name}: ${message}`;
    super(
      `The ARN of activity '${activityName}' could not be had: ${attempted} ended in ${words}. ${advice[startFailureKind(cause)]}.`,
      { cause },
    );
  }
}

const CHECK_ALL =
  'Check the region, the credentials, the permission states:CreateActivity and the endpoint, or give activityArn';

/** What to do about it. */
const advice: Readonly<Record<StartFailureKind, string>> = {
  region:
    'Set AWS_REGION, options.clientConfig.region, or config.activityArn, which has a region in it',
  sdk: 'Update @aws-sdk/client-sfn, or leave out options.client',
  permission:
    'Allow the permission states:CreateActivity, or the one named there, or give config.activityArn to do without it',
  activity:
    "Check the activity's name and its encryption, and the account's quotas, or give config.activityArn",
  credentials:
    'Check the credentials: the environment, AWS_PROFILE, a credential_process, the role of the instance, task or pod, or options.clientConfig.credentials',
  certificate:
    "Check the endpoint's certificate; NODE_EXTRA_CA_CERTS names the file of an authority of one's own",
  other: CHECK_ALL,
  passing: CHECK_ALL,
};
