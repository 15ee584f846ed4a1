import { randomUUID } from 'node:crypto';

/** What the SDK puts on every answer and on every error that came with an answer. */
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
 * An error that Step Functions answers with, in the shape that the SDK gives it: told by `name`,
 * with `$fault` and `$metadata`. The SDK's own classes take it for theirs in `instanceof`.
 */
export class ServiceError extends Error {
  override readonly name: string;
  readonly $fault: 'client' | 'server';
  readonly $metadata: Metadata;
  /** The name as it is on the wire, with the namespace of the part of AWS that raised it. */
  readonly __type: string;

  constructor(name: string, message: string, status = 400) {
    super(message);
    this.name = name;
    this.$fault = status < 500 ? 'client' : 'server';
    this.$metadata = metadata(status, randomUUID());
    this.__type = `${namespaces.get(name) ?? 'com.amazonaws.swf.service.v2.model'}#${name}`;
  }
}

/** Errors that come from AWS's common front, not from Step Functions itself. */
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
