import { randomUUID } from 'node:crypto';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { OperationName } from './faults.js';
import type { Reply } from './reply.js';
import { HTML_502 } from './reply.js';
import { ServiceError } from './service-error.js';
import type { Input } from './validation.js';

/** AWS JSON 1.0: `POST /`, the operation in a header, JSON both ways. */
const CONTENT_TYPE = 'application/x-amz-json-1.0';

/** By the value of the header `x-amz-target`. */
const operations = new Map<unknown, OperationName>(
  (
    [
      'CreateActivity',
      'GetActivityTask',
      'SendTaskSuccess',
      'SendTaskFailure',
      'SendTaskHeartbeat',
    ] as const
  ).map((name) => [`AWSStepFunctions.${name}`, name]),
);

/**
 * The operation of a request.
 *
 * @throws the error that AWS answers with if the request makes no sense.
 */
export function operationIn(
  { method, url, headers }: IncomingMessage,
  body: string,
): { name: OperationName; input: Input } {
  const name = operations.get(headers['x-amz-target']);
  const spoken = headers['content-type']?.startsWith(CONTENT_TYPE) === true;
  if (method !== 'POST' || url !== '/' || !spoken || name === undefined) {
    throw new ServiceError(
      'UnknownOperationException',
      `Expected POST / with content-type ${CONTENT_TYPE} and x-amz-target ` +
        [...operations.keys()].join(', '),
    );
  }
  // Signatures are not verified. Only a configured client sends one, which is why it must be there.
  if (headers.authorization?.startsWith('AWS4-') !== true) {
    throw new ServiceError(
      'MissingAuthenticationTokenException',
      'Missing Authentication Token: the request is not signed',
    );
  }
  return { name, input: parse(body) };
}

function parse(body: string): Input {
  let input: unknown;
  try {
    input = JSON.parse(body);
  } catch {
    throw new ServiceError('SerializationException', 'The request body is not valid JSON');
  }
  if (typeof input !== 'object' || input === null || Array.isArray(input)) {
    throw new ServiceError('SerializationException', 'The request body is not a JSON object');
  }
  return { ...input };
}

/** Sends a reply, or closes the connection. */
export function send(response: ServerResponse, reply: Reply): void {
  switch (reply.kind) {
    case 'answer':
      sendJson(response, 200, randomUUID(), datesInSeconds(reply.body));
      return;
    case 'error': {
      const { __type, message, $metadata } = reply.error;
      const { httpStatusCode = 400, requestId = randomUUID() } = $metadata;
      sendJson(response, httpStatusCode, requestId, { __type, message });
      return;
    }
    case 'html502':
      response.writeHead(502, { 'content-type': 'text/html' }).end(HTML_502);
      return;
    case 'empty500':
      response.writeHead(500, { 'content-length': 0 }).end();
      return;
    case 'reset':
      response.socket?.resetAndDestroy();
      return;
  }
}

function sendJson(
  response: ServerResponse,
  status: number,
  requestId: string,
  body: Record<string, unknown>,
): void {
  const text = JSON.stringify(body);
  response
    .writeHead(status, {
      'x-amzn-requestid': requestId,
      'content-type': CONTENT_TYPE,
      'content-length': Buffer.byteLength(text),
    })
    .end(text);
}

function datesInSeconds(body: Record<string, unknown>): Record<string, unknown> {
  const date = body['creationDate'];
  return date instanceof Date ? { ...body, creationDate: date.getTime() / 1_000 } : body;
}
