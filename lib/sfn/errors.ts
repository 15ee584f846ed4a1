import { getProperty } from '../common/property.js';

/**
 * What an error of one of the five calls means for the source. Told by `error.name`, never by a
 * message, since AWS words those as it likes.
 *
 * - `closed`: the task is no longer ours (or never was). TaskTimedOut is also what AWS answers to a
 *   second report, and so to the SDK's own retry of a report that had arrived.
 * - `refused`: this content will never be taken, another report may be.
 * - `activityNotFound`: the activity does not exist.
 * - `notDelivered`: passing, and certainly without effect at AWS.
 * - `indeterminate`: passing, and it may have had its effect.
 */
export type AwsErrorClass =
  'closed' | 'refused' | 'activityNotFound' | 'notDelivered' | 'indeterminate';

const meanings = new Map<string, AwsErrorClass>([
  ['InvalidToken', 'closed'],
  ['TaskDoesNotExist', 'closed'],
  ['TaskTimedOut', 'closed'],
  ['InvalidOutput', 'refused'],
  // What AWS answers to a body that its JSON parser refuses: the same bytes never fare better.
  ['SerializationException', 'refused'],
  ['ValidationException', 'refused'],
  ['KmsAccessDeniedException', 'refused'],
  ['KmsInvalidStateException', 'refused'],
  ['ActivityDoesNotExist', 'activityNotFound'],
  ['ResourceNotFound', 'activityNotFound'],
  // The SDK found no credentials to sign with: nothing was sent.
  ['CredentialsProviderError', 'notDelivered'],
]);

/** Connections that were never made: nothing can have arrived. */
const neverSent = new Set([
  'EAI_AGAIN',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'UND_ERR_CONNECT_TIMEOUT',
]);

export function classifyAwsError(error: unknown): AwsErrorClass {
  const known = meanings.get(errorName(error));
  if (known !== undefined) return known;
  const code = getProperty(error, 'code');
  if (typeof code === 'string' && neverSent.has(code)) return 'notDelivered';
  if (code === 'ETIMEDOUT' && getProperty(error, 'syscall') === 'connect') return 'notDelivered';
  // A 4xx is a refusal at the door (throttling, signature, permission): nothing was done.
  const status = getProperty(getProperty(error, '$metadata'), 'httpStatusCode');
  if (typeof status === 'number' && status >= 400 && status < 500) return 'notDelivered';
  return 'indeterminate';
}

/** Credentials that AWS does not take: expired, unknown, or with another secret than AWS knows. */
const credentialsErrors = new Set([
  'AuthFailure',
  'ExpiredToken',
  'ExpiredTokenException',
  'IncompleteSignature',
  'IncompleteSignatureException',
  'InvalidAccessKeyId',
  'InvalidClientTokenId',
  'InvalidSignatureException',
  'MissingAuthenticationToken',
  'MissingAuthenticationTokenException',
  'RequestExpired',
  'SignatureDoesNotMatch',
  'TokenRefreshRequired',
  'UnrecognizedClientException',
]);

/** Whether other credentials might help. */
export function isCredentialsError(error: unknown): boolean {
  return credentialsErrors.has(errorName(error));
}

/** A short name to tell an error by, free of anything secret: its name, or its system code. */
export function errorName(error: unknown): string {
  const name = getProperty(error, 'name');
  const code = getProperty(error, 'code');
  const plain = name === undefined || name === 'Error' || name === 'AggregateError';
  if (plain && typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' && name !== '' ? name : typeof error;
}

/** How often the client had tried, from an answer or an error; 1 where it does not say. */
export function attemptsOf(answerOrError: unknown): number {
  const attempts = getProperty(getProperty(answerOrError, '$metadata'), 'attempts');
  return typeof attempts === 'number' && attempts >= 1 ? attempts : 1;
}
