import * as crypto from 'node:crypto';
import type { KeyObject } from 'node:crypto';
import type { Credentials } from './credentials.js';

const ALGORITHM = 'AWS4-HMAC-SHA256';

/** The common parts of all requests of a kind, by AWS's Signature Version 4. */
export interface SigningScope {
  region: string;
  /** The service's name in signatures: `states`. */
  service: string;
  /** Names of the headers that are signed, in lower case and in order. */
  signedHeaders: readonly string[];
  /** Values of the headers that are the same for every request. */
  headers: Readonly<Record<string, string>>;
}

/** The parts that differ from one request to the next. */
export interface SigningInput {
  /** The values of the other headers, except the date, the token and the hash of the body. */
  headers: Readonly<Record<string, string>>;
  body: Uint8Array;
  credentials: Credentials;
  /** AWS's time, in milliseconds since 1970. */
  now: number;
}

/** The headers of a signature. */
export interface Signature {
  authorization: string;
  'x-amz-date': string;
  'x-amz-content-sha256': string;
}

/**
 * Signs requests to `POST /` as the SDK's signer does, in an eighth of its time. Most of the
 * canonical request is prepared once, and the key of the day is kept. Header values must be in
 * canonical form: without blanks at the ends, and without double blanks.
 */
export function createSigner(scope: SigningScope): (input: SigningInput) => Signature {
  const { region, service, signedHeaders } = scope;
  const names = signedHeaders.join(';');
  const parts = canonicalParts(scope);
  const keyOf = createKeyCache(region, service);
  let lastSecond = Number.NaN;
  let date = '';

  return ({ headers, body, credentials, now }) => {
    const second = Math.floor(now / 1_000);
    if (second !== lastSecond) {
      date = new Date(second * 1_000).toISOString().replaceAll(/[-:]|\.\d{3}/g, '');
      lastSecond = second;
    }
    const day = date.slice(0, 8);
    const contentHash = sha256(body);
    let canonical = '';
    for (const part of parts) {
      canonical +=
        part.text +
        (part.name === 'x-amz-date'
          ? date
          : part.name === 'x-amz-content-sha256'
            ? contentHash
            : part.name === 'x-amz-security-token'
              ? (credentials.sessionToken ?? '')
              : (headers[part.name] ?? ''));
    }
    canonical += `\n\n${names}\n${contentHash}`;
    const to = `${day}/${region}/${service}/aws4_request`;
    const toSign = `${ALGORITHM}\n${date}\n${to}\n${sha256(canonical)}`;
    const signature = crypto
      .createHmac('sha256', keyOf(credentials.secretAccessKey, day))
      .update(toSign)
      .digest('hex');
    return {
      authorization: `${ALGORITHM} Credential=${credentials.accessKeyId}/${to}, SignedHeaders=${names}, Signature=${signature}`,
      'x-amz-date': date,
      'x-amz-content-sha256': contentHash,
    };
  };
}

/** A value that differs between requests, and the text in front of it. */
interface CanonicalPart {
  text: string;
  name: string;
}

/** The canonical request up to the end of its headers, with gaps for the values that differ. */
function canonicalParts({ signedHeaders, headers }: SigningScope): CanonicalPart[] {
  const parts: CanonicalPart[] = [];
  let text = 'POST\n/\n';
  for (const name of signedHeaders) {
    text += `\n${name}:`;
    const value = headers[name];
    if (value === undefined) {
      parts.push({ text, name });
      text = '';
    } else {
      text += value;
    }
  }
  // The last part has no value after it.
  return [...parts, { text, name: '' }];
}

/** The signing key of the day. It is kept while secret and day stay the same. */
function createKeyCache(region: string, service: string) {
  let keptFor = '';
  let kept: KeyObject | undefined;
  return (secret: string, day: string): KeyObject => {
    const wanted = `${day}${secret}`;
    if (kept === undefined || keptFor !== wanted) {
      const key = [day, region, service, 'aws4_request'].reduce<string | Buffer>(
        (from, text) => crypto.createHmac('sha256', from).update(text).digest(),
        `AWS4${secret}`,
      );
      kept = crypto.createSecretKey(Buffer.from(key));
      keptFor = wanted;
    }
    return kept;
  };
}

/** By `crypto.hash` if there is one (Node 20.12, not every other runtime), at half the cost. */
const oneShot = crypto.hash as typeof crypto.hash | undefined;

function sha256(data: string | Uint8Array): string {
  return oneShot === undefined
    ? crypto.createHash('sha256').update(data).digest('hex')
    : oneShot('sha256', data);
}
