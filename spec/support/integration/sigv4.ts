import { createHash, createHmac } from 'node:crypto';
import type { ComponentRequest } from './component.js';

const sha256 = (text: string) => createHash('sha256').update(text).digest('hex');
const hmac = (key: string | Buffer, text: string) =>
  createHmac('sha256', key).update(text).digest();

/** What AWS looks at of a signed request. */
export interface Signature {
  accessKeyId: string;
  /** Whether the secret key made this signature, for these headers and this body. */
  isGood: boolean;
  /** When it was signed, in milliseconds since 1970. */
  signedAt: number;
}

/**
 * Checks a POST request as AWS does (AWS Signature Version 4), with code that is not the SDK's. The
 * headers of `needed` must be among the signed ones.
 */
export function signatureOf(
  request: ComponentRequest,
  secretAccessKey: string,
  needed = ['host', 'x-amz-date', 'x-amz-target'],
): Signature {
  const { headers, body } = request;
  const header = (name: string) => String(headers[name] ?? '');
  const parts =
    /^AWS4-HMAC-SHA256 Credential=([^/]+)\/([^,]+), SignedHeaders=([^,]+), Signature=(\w+)$/.exec(
      header('authorization'),
    );
  const [, accessKeyId = '', scope = '', signedHeaders = '', signature] = parts ?? [];
  const canonical = [
    'POST',
    request.path,
    '',
    ...signedHeaders.split(';').map((name) => `${name}:${header(name)}`),
    '',
    signedHeaders,
    sha256(body),
  ].join('\n');
  const date = header('x-amz-date');
  const toSign = ['AWS4-HMAC-SHA256', date, scope, sha256(canonical)].join('\n');
  const key = scope.split('/').reduce<string | Buffer>(hmac, `AWS4${secretAccessKey}`);
  const iso = date.replace(/^(\d{4})(\d\d)(\d\dT\d\d)(\d\d)(\d\dZ)$/, '$1-$2-$3:$4:$5');
  return {
    accessKeyId,
    isGood:
      needed.every((name) => signedHeaders.split(';').includes(name)) &&
      hmac(key, toSign).toString('hex') === signature,
    signedAt: Date.parse(iso),
  };
}
