import { getProperty } from '../common/property.js';
import { neverConnected } from '../net/connection-error.js';

/**
 * What an error of one of the five calls means for the source. Its `error.name` decides, never its
 * message: AWS may change the words.
 *
 * - `closed`: The task is over, or never was. AWS also answers a second report with TaskTimedOut,
 *   and so the SDK's own retry of a report that had arrived.
 * - `refused`: AWS will never take this content. It may take another report.
 * - `activityNotFound`: The activity does not exist.
 * - `notDelivered`: It passes, and certainly had no effect at AWS.
 * - `indeterminate`: It passes, and the call may have had its effect.
 */
export type AwsErrorClass =
  'closed' | 'refused' | 'activityNotFound' | 'notDelivered' | 'indeterminate';

const meanings = new Map<string, AwsErrorClass>([
  ['InvalidToken', 'closed'],
  ['TaskDoesNotExist', 'closed'],
  ['TaskTimedOut', 'closed'],
  ['InvalidOutput', 'refused'],
  // AWS's JSON parser refused the body. The same bytes would be refused again.
  ['SerializationException', 'refused'],
  ['ValidationException', 'refused'],
  ['KmsAccessDeniedException', 'refused'],
  ['KmsInvalidStateException', 'refused'],
  ['ActivityDoesNotExist', 'activityNotFound'],
  ['ResourceNotFound', 'activityNotFound'],
  // The SDK found no credentials to sign with: nothing was sent.
  ['CredentialsProviderError', 'notDelivered'],
]);

export function classifyAwsError(error: unknown): AwsErrorClass {
  const known = meanings.get(errorName(error));
  if (known !== undefined) return known;
  if (neverConnected(error)) return 'notDelivered';
  const status = httpStatusOf(error);
  if (status === undefined) return 'indeterminate';
  // A proxy that takes so much and no more: the same bytes never fare better.
  if (status === 413) return 'refused';
  // A refusal before the call had any effect: throttling, signature, permission, a proxy's login
  // page.
  return status >= 300 && status < 500 ? 'notDelivered' : 'indeterminate';
}

/** The status of the response that an error was made of, also if the SDK could not read it. */
export function httpStatusOf(error: unknown): number | undefined {
  const status =
    getProperty(getProperty(error, '$metadata'), 'httpStatusCode') ??
    getProperty(getProperty(error, '$response'), 'statusCode');
  return typeof status === 'number' ? status : undefined;
}

/** AWS does not take these credentials: they are expired or unknown, or the secret is wrong. */
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

/** A short name of an error, without secrets: its name, or its system code. */
export function errorName(error: unknown): string {
  const name = getProperty(error, 'name');
  const code = getProperty(error, 'code');
  const plain = name === undefined || name === 'Error' || name === 'AggregateError';
  if (plain && typeof code === 'string' && code !== '') return code;
  return typeof name === 'string' && name !== '' ? name : typeof error;
}

/** How often the client has tried, by its response or error. 1 if that does not say. */
export function attemptsOf(answerOrError: unknown): number {
  const attempts = getProperty(getProperty(answerOrError, '$metadata'), 'attempts');
  return typeof attempts === 'number' && attempts >= 1 ? attempts : 1;
}
