import type { SFNClient } from '@aws-sdk/client-sfn';
import type { Credentials } from './credentials.js';
import { createSigner } from './signer.js';
import type { Signature, SigningInput } from './signer.js';
import type { SentRequest } from './transport.js';
import { bytesOf } from './transport.js';

/** The SDK's first request of a kind. Later ones differ in a few headers and the body. */
export interface RequestTemplate {
  origin: string;
  /** The headers of a request with this body, names and values in turn. */
  headersOf(
    body: Uint8Array,
    invocationId: string,
    credentials: Credentials,
    now: number,
  ): string[] | undefined;
}

/** Headers that differ from one request to the next. */
const CHANGING = new Set([
  'amz-sdk-invocation-id',
  'authorization',
  'content-length',
  'x-amz-content-sha256',
  'x-amz-date',
  'x-amz-security-token',
]);

/** Headers that stay the same. With another one, no template is kept: it may be for one call alone. */
const CONSTANT = new Set([
  'amz-sdk-request',
  'content-type',
  'host',
  'user-agent',
  'x-amz-target',
  'x-amz-user-agent',
]);

/**
 * The SDK's middlewares that later requests skip. If the stack has an unknown one, no template is
 * kept, since requests may need what it does.
 */
const KNOWN_MIDDLEWARES = new Set([
  'contentLengthMiddleware',
  'deserializerMiddleware',
  'endpointV2Middleware',
  'getUserAgentMiddleware',
  'hostHeaderMiddleware',
  'httpAuthSchemeMiddleware',
  'httpSigningMiddleware',
  'loggerMiddleware',
  'longPollMiddleware',
  'recursionDetectionMiddleware',
  'retryMiddleware',
  'serializerMiddleware',
  'stepFuncSourceInvocation',
  'stepFuncSourceTemplate',
  'stepFuncSourceTransport',
]);

export interface TemplateHooks {
  /** The credentials that the SDK's signer has just used. */
  latestCredentials(): Credentials | undefined;
  /** Whether the client's configuration allows a template. */
  mayKeep(): Promise<boolean>;
  keep(input: object, template: RequestTemplate): void;
}

/**
 * Keeps a template of the first request of each kind of command. It is for AWS's JSON protocol 1.0,
 * in which the body is the input as JSON. Each template is checked before it is kept. The
 * middlewares must be known, and path and content type the protocol's. The body must be the input's
 * JSON, and our signature must equal the SDK's, byte for byte. Otherwise no template is kept, and
 * the SDK makes every request.
 */
export function keepTemplates(
  client: SFNClient,
  { latestCredentials, mayKeep, keep }: TemplateHooks,
): void {
  client.middlewareStack.add(
    (next) => async (args) => {
      const credentials = latestCredentials();
      const names = client.middlewareStack.identify();
      if (credentials !== undefined && names.every(isKnown) && (await mayKeep())) {
        const request = args.request as SentRequest & { method: string };
        const template = templateOf(request, args.input, credentials);
        if (template !== undefined) keep(args.input, template);
      }
      return next(args);
    },
    { name: 'stepFuncSourceTemplate', step: 'finalizeRequest', priority: 'low' },
  );
}

/** The stack lists each as `name` or `name (a,k,a)`, with its step behind it. */
function isKnown(identified: string): boolean {
  return KNOWN_MIDDLEWARES.has(/^\w+/.exec(identified)?.[0] ?? '');
}

function templateOf(
  request: SentRequest & { method: string; query?: object },
  input: object,
  credentials: Credentials,
): RequestTemplate | undefined {
  const { protocol, hostname, port, method, path, query, headers, body } = request;
  const bytes = bytesOf(body);
  const isJsonCall =
    method === 'POST' &&
    path === '/' &&
    Object.keys(query ?? {}).length === 0 &&
    headers['content-type'] === 'application/x-amz-json-1.0' &&
    bytes.equals(Buffer.from(JSON.stringify(input)));
  const authorization =
    /Credential=[^/]+\/\d+\/([^/]+)\/([^/]+)\/aws4_request, SignedHeaders=([^,]+)/;
  const [, region = '', service = '', signed = ''] =
    authorization.exec(headers['authorization'] ?? '') ?? [];
  if (!isJsonCall || signed === '') return undefined;

  const signedHeaders = signed.split(';');
  const constant = Object.entries(headers).filter(([name]) => !CHANGING.has(name));
  if (!constant.every(([name]) => CONSTANT.has(name))) return undefined;
  const sign = createSigner({
    region,
    service,
    signedHeaders,
    headers: Object.fromEntries(constant),
  });
  const isFirst = headers['amz-sdk-request']?.startsWith('attempt=1;') === true;
  if (!isFirst || !signaturesAgree(sign, headers, bytes, credentials)) return undefined;
  const base = constant.flat();
  const hasToken = signedHeaders.includes('x-amz-security-token');
  return {
    origin: `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`,
    headersOf(requestBody, invocationId, signedBy, now) {
      const { sessionToken } = signedBy;
      // A session token changes which headers are signed.
      if ((sessionToken !== undefined) !== hasToken) return undefined;
      const own = {
        'amz-sdk-invocation-id': invocationId,
        'content-length': String(requestBody.byteLength),
      };
      const signature = sign({ headers: own, body: requestBody, credentials: signedBy, now });
      const all = base.slice();
      all.push('amz-sdk-invocation-id', invocationId, 'content-length', own['content-length']);
      all.push('x-amz-date', signature['x-amz-date']);
      all.push('x-amz-content-sha256', signature['x-amz-content-sha256']);
      if (sessionToken !== undefined) all.push('x-amz-security-token', sessionToken);
      all.push('authorization', signature.authorization);
      return all;
    },
  };
}

/** Whether our signature of the SDK's request equals the SDK's, byte for byte. */
function signaturesAgree(
  sign: (input: SigningInput) => Signature,
  headers: Record<string, string>,
  body: Uint8Array,
  credentials: Credentials,
): boolean {
  const signature = sign({ headers, body, credentials, now: timeOf(headers['x-amz-date'] ?? '') });
  return (
    signature.authorization === headers['authorization'] &&
    signature['x-amz-content-sha256'] === headers['x-amz-content-sha256']
  );
}

/** `20260131T235959Z` in milliseconds since 1970. */
function timeOf(date: string): number {
  return Date.parse(date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5'));
}
