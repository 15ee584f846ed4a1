import { getProperty } from '../common/property.js';
import { errorName, isCredentialsError } from './errors.js';

/**
 * Why a start failed. `credentials` and `passing` may pass: a metadata service or a sidecar may be
 * late, and throttling and networks change. The others stay until a person changes something.
 */
export type StartFailureKind =
  | 'region'
  | 'sdk'
  | 'permission'
  | 'activity'
  | 'certificate'
  | 'other'
  | 'credentials'
  | 'passing';

const kinds = new Map<string, StartFailureKind>([
  ['RegionError', 'region'],
  ['SdkError', 'sdk'],
  ['AccessDenied', 'permission'],
  ['AccessDeniedException', 'permission'],
  ['NotAuthorized', 'permission'],
  ['OptInRequired', 'permission'],
  ['UnauthorizedOperation', 'permission'],
  ['ActivityAlreadyExists', 'activity'],
  ['ActivityLimitExceeded', 'activity'],
  ['InvalidArn', 'activity'],
  ['InvalidEncryptionConfiguration', 'activity'],
  ['InvalidName', 'activity'],
  ['KmsAccessDeniedException', 'activity'],
  ['KmsInvalidStateException', 'activity'],
  ['TooManyTags', 'activity'],
  ['ValidationException', 'activity'],
  ['CredentialsProviderError', 'credentials'],
  ['TokenProviderError', 'credentials'],
  // The clock may not be set yet, and some throttling comes as a 400.
  ['RequestTimeTooSkewed', 'passing'],
  ['RequestInTheFuture', 'passing'],
  ['ThrottlingException', 'passing'],
  ['ThrottledException', 'passing'],
  ['Throttling', 'passing'],
  ['TooManyRequestsException', 'passing'],
  ['RequestLimitExceeded', 'passing'],
  ['RequestThrottled', 'passing'],
  ['RequestThrottledException', 'passing'],
  ['SlowDown', 'passing'],
  ['KmsThrottlingException', 'passing'],
  ['LimitExceededException', 'passing'],
  // A proxy or a balancer sends these, not AWS.
  ['SyntaxError', 'passing'],
  ['Unknown', 'passing'],
]);

/**
 * These certificates stay wrong. One that is not valid yet may become valid when the clock is set.
 */
const certificateCodes = new Set([
  'CERT_UNTRUSTED',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'ERR_TLS_CERT_ALTNAME_INVALID',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
]);

/** These 4xx ask for another attempt. */
const passingStatus = new Set([408, 425, 429]);

/** The error's name, system code and HTTP status decide, never AWS's messages. */
export function startFailureKind(error: unknown): StartFailureKind {
  if (isCredentialsError(error)) return 'credentials';
  const code = codeIn(error);
  if (code !== undefined && certificateCodes.has(code)) return 'certificate';
  const status = getProperty(getProperty(error, '$metadata'), 'httpStatusCode');
  const known = kinds.get(errorName(error));
  if (known !== undefined && (status !== undefined || !(error instanceof SyntaxError)))
    return known;
  // The SDK's error for a missing region is an Error without a name.
  if (getProperty(error, 'message') === 'Region is missing') return 'region';
  if (typeof status === 'number') {
    return status >= 400 && status < 500 && !passingStatus.has(status) ? 'other' : 'passing';
  }
  // A TypeError without a code is a bug or a wrong setting. A network failure of fetch is a
  // TypeError with a code.
  const isBug =
    error instanceof TypeError || error instanceof RangeError || error instanceof ReferenceError;
  return isBug && (code === undefined || code === 'ERR_INVALID_URL') ? 'other' : 'passing';
}

/** Whether the next attempt may succeed. */
export function canPass(error: unknown): boolean {
  const kind = startFailureKind(error);
  return kind === 'passing' || kind === 'credentials';
}

/** The system code of an error or of its causes. */
function codeIn(error: unknown, depth = 0): string | undefined {
  const code = getProperty(error, 'code');
  if (typeof code === 'string') return code;
  const cause = getProperty(error, 'cause');
  return cause === undefined || depth > 4 ? undefined : codeIn(cause, depth + 1);
}
