import { randomUUID } from 'node:crypto';

/** The metadata of the SDK on every response, and on every error that has a response. */
export interface Metadata {
  httpStatusCode?: number;
  requestId?: string;
  attempts: number;
  totalRetryDelay: number;
}

export function metadata(httpStatusCode?: number, requestId?: string): Metadata {
  return {
    ...(httpStatusCode !== undefined && { httpStatusCode }),
    ...(requestId !== undefined && { requestId }),
    attempts: 1,
    totalRetryDelay: 0,
  };
}

/**
 * An error of Step Functions in the SDK's shape, with `name`, `$fault` and `$metadata`. The SDK's
 * own classes accept it in `instanceof`.
 */
export class ServiceError extends Error {
  override readonly name: string;
  readonly $fault: 'client' | 'server';
  readonly $metadata: Metadata;
  /** The name on the wire, with the namespace of the part of AWS that raised it. */
  readonly __type: string;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.$fault = status < 500 ? 'client' : 'server';
    this.$metadata = metadata(status, randomUUID());
    this.__type = `${namespaces.get(name) ?? 'com.amazonaws.swf.service.v2.model'}#${name}`;
  }
}

/** Errors of AWS's common front end, not of Step Functions itself. */
const front = 'com.amazon.coral.service';
const namespaces = new Map([
  ['ValidationException', 'com.amazon.coral.validate'],
  ['ThrottlingException', 'com.amazon.coral.availability'],
  ['AccessDeniedException', front],
  ['ExpiredTokenException', front],
  ['IncompleteSignature', front],
  ['InternalFailure', front],
  ['MissingAuthenticationTokenException', front],
  ['SerializationException', front],
  ['ServiceUnavailable', front],
  ['UnknownOperationException', front],
  ['UnrecognizedClientException', front],
]);
