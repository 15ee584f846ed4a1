import { SignatureV4 } from '@smithy/signature-v4';
import fc from 'fast-check';
import { createHash, createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';
import { createSigner } from '../../../lib/sfn/signer.js';

/** The hash that SDK clients hand to their signer, as small as it can be. */
class Sha256 {
  readonly #hash;
  constructor(secret?: string | Uint8Array) {
    this.#hash = secret === undefined ? createHash('sha256') : createHmac('sha256', secret);
  }
  update(data: Uint8Array): void {
    this.#hash.update(data);
  }
  digest(): Promise<Uint8Array> {
    return Promise.resolve(this.#hash.digest());
  }
  reset(): void {
    // Never used again.
  }
}

/** AWS's published test suite for Signature Version 4, as far as it is of POST / . */
const vectors: [string, Record<string, string>, string, string | undefined, string][] = [
  [
    'post-vanilla',
    {},
    '',
    undefined,
    '5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b',
  ],
  [
    'post-x-www-form-urlencoded',
    { 'content-type': 'application/x-www-form-urlencoded' },
    'Param1=value1',
    undefined,
    'ff11897932ad3f4e8b18135d722051e5ac45fc38421b1da7b9d196a0fe09473a',
  ],
  [
    'post-sts-header-before',
    {},
    '',
    'AQoDYXdzEPT//////////wEXAMPLEtc764bNrC9SAPBSM22wDOk4x4HIZ8j4FZTwdQWLWsKWHGBuFqwAeMicRXmxfpSPfIeoIYRqTflfKD8YUuwthAx7mSEI/qkPpKPi/kMcGdQrmGdeehM4IC1NtBmUpp2wUE8phUZampKsburEDy0KPkyQDYwT7WZ0wq5VSXDvp75YU9HFvlRd8Tx6q6fE8YQcHNVXAkiY9q6d+xo0rKwT38xVqr7ZD0u0iPPkUL64lIZbqBAz+scqKmlzm8FDrypNC9Yjc8fPOLn9FX9KSYvKTr4rvx3iSIlTJabIQwj2ICCR/oLxBA==',
    '85d96828115b5dc0cfc3bd16ad9e210dd772bbebba041836c64533a82be05ead',
  ],
];

describe('createSigner', () => {
  it.each(vectors)("agrees with AWS's %s", (_, headers, body, sessionToken, signature) => {
    const signedHeaders = [
      ...Object.keys(headers),
      'host',
      'x-amz-date',
      ...(sessionToken === undefined ? [] : ['x-amz-security-token']),
    ];
    const sign = createSigner({
      region: 'us-east-1',
      service: 'service',
      signedHeaders,
      headers: { ...headers, host: 'example.amazonaws.com' },
    });
    const signed = sign({
      headers: {},
      body: Buffer.from(body),
      credentials: {
        accessKeyId: 'AKIDEXAMPLE',
        secretAccessKey: 'wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY',
        ...(sessionToken === undefined ? {} : { sessionToken }),
      },
      now: Date.UTC(2015, 7, 30, 12, 36, 0, 999),
    });
    expect(signed['x-amz-date']).toBe('20150830T123600Z');
    expect(signed.authorization).toBe(
      `AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, SignedHeaders=${signedHeaders.join(';')}, Signature=${signature}`,
    );
  });

  it("signs any request as the SDK's signer does, one after the other", async () => {
    const printable = fc.integer({ min: 0x21, max: 0x7e }).map((code) => String.fromCharCode(code));
    const word = fc.string({ unit: printable, minLength: 1, maxLength: 20 });
    const credentials = fc.record(
      {
        accessKeyId: fc.uuid(),
        secretAccessKey: word,
        sessionToken: word,
      },
      { requiredKeys: ['accessKeyId', 'secretAccessKey'] },
    );
    const requests = fc.array(
      fc.record({
        body: fc.uint8Array({ maxLength: 100 }),
        now: fc.integer({ min: 0, max: Date.UTC(2100, 0) }),
        credentials,
        id: fc.uuid(),
      }),
      { minLength: 10, maxLength: 10 },
    );
    let signed = 0;
    await fc.assert(
      fc.asyncProperty(
        fc.constantFrom('us-east-1', 'cn-north-1', 'us-gov-west-1'),
        word,
        requests,
        async (region, host, all) => {
          for (const hasToken of [true, false]) {
            const signer = createSigner({
              region,
              service: 'states',
              signedHeaders: [
                'amz-sdk-invocation-id',
                'content-length',
                'host',
                'x-amz-content-sha256',
                'x-amz-date',
                ...(hasToken ? ['x-amz-security-token'] : []),
              ],
              headers: { host },
            });
            const ofKind = all.filter(
              (r) => (r.credentials.sessionToken !== undefined) === hasToken,
            );
            for (const request of ofKind) {
              const body = Buffer.from(request.body);
              const headers = {
                'amz-sdk-invocation-id': request.id,
                'content-length': String(body.byteLength),
              };
              const theirs = await new SignatureV4({
                service: 'states',
                region,
                credentials: request.credentials,
                sha256: Sha256 as never,
              }).sign(
                {
                  method: 'POST',
                  protocol: 'https:',
                  hostname: host,
                  path: '/',
                  headers: { host, ...headers },
                  body,
                },
                { signingDate: new Date(request.now) },
              );
              const ours = signer({ ...request, headers, body });
              // Two thousand times: toMatchObject would take as long as all else here.
              if (theirs.headers['authorization'] !== ours.authorization) {
                expect(ours).toEqual(theirs.headers);
              }
              signed += 1;
            }
          }
        },
      ),
      { numRuns: 200 },
    );
    expect(signed).toBe(2_000);
  });
});
