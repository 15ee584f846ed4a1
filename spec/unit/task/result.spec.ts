import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MAX_CAUSE_LENGTH, MAX_ERROR_LENGTH, MAX_OUTPUT_BYTES } from '../../../lib/task/limits.js';
import { toTaskResult } from '../../../lib/task/result.js';

const ok = (body: string, headers: Record<string, string> = {}) => ({ status: 200, headers, body });

describe('toTaskResult', () => {
  describe('T2: status 200 is success with the body as output', () => {
    it.each([
      ['an object', '{"a":1}'],
      ['white space kept', ' { "a" : 1 }\n'],
      ['a bare string', '"x"'],
      ['a number that no double holds', '12345678901234567890'],
      ['non-ASCII text', '{"ü":"😀"}'],
    ])('%s, byte for byte', (_, body) => {
      expect(toTaskResult(ok(body))).toEqual({ outcome: 'success', output: body });
    });

    it('an empty body is null', () => {
      expect(toTaskResult(ok(''))).toEqual({ outcome: 'success', output: 'null' });
    });

    it('exactly as many bytes as AWS takes are taken', () => {
      const body = JSON.stringify('ü'.repeat((MAX_OUTPUT_BYTES - 2) / 2));
      expect(Buffer.byteLength(body)).toBe(MAX_OUTPUT_BYTES);
      expect(toTaskResult(ok(body)).outcome).toBe('success');
    });
  });

  describe('T3: any other status is failure', () => {
    it.each([
      ['both headers', 500, { 'step-func-error': 'E', 'step-func-cause': 'c' }, 'body', 'E', 'c'],
      ['no header', 503, {}, 'body', 'StepFuncSource.Http503', 'body'],
      ['no header, no body', 404, {}, '', 'StepFuncSource.Http404', 'Not Found'],
      ['an unknown status', 599, {}, '', 'StepFuncSource.Http599', 'Status 599'],
      ['an error only', 400, { 'step-func-error': 'E' }, 'why', 'E', 'why'],
      ['a cause only', 400, { 'step-func-cause': 'c' }, 'why', 'StepFuncSource.Http400', 'c'],
      [
        'empty headers',
        400,
        { 'step-func-error': '', 'step-func-cause': '' },
        'why',
        'StepFuncSource.Http400',
        'why',
      ],
      [
        'names in another case',
        500,
        { 'Step-Func-Error': 'E', 'STEP-FUNC-CAUSE': 'c' },
        '',
        'E',
        'c',
      ],
      ['another success', 201, {}, '{"id":1}', 'StepFuncSource.Http201', '{"id":1}'],
      ['a redirect that leads nowhere', 302, {}, '', 'StepFuncSource.Http302', 'Found'],
    ])('%s', (_, status, headers, body, error, cause) => {
      expect(toTaskResult({ status, headers, body })).toEqual({ outcome: 'failure', error, cause });
    });

    it.each([
      ['http://app/login', 'http://app/login'],
      ['/login', '/login'],
      ['http://u:hunter2@app/login?token=hunter2#hunter2', 'http://…@app/login?…'],
      ['/login?token=hunter2', '/login?…'],
      ['login?token=hunter2', 'login?…'],
      ['?token=hunter2', '?…'],
    ])('the cause of a redirect says where it leads, without secrets: %s', (location, shown) => {
      for (const status of [301, 302, 303, 307, 308]) {
        const redirect = { status, headers: { Location: location }, body: '' };
        const { error, cause } = toTaskResult(redirect) as { error: string; cause: string };
        expect(error).toBe(`StepFuncSource.Http${status}`);
        expect(cause).toContain(`redirects to ${shown}, and redirects are not followed.`);
        expect(cause).not.toContain('hunter2');
        const withBody = toTaskResult({ ...redirect, body: '<html>' });
        expect(withBody).toHaveProperty('cause', `${cause}\n<html>`);
      }
      const headers = { location, 'step-func-error': 'E', 'step-func-cause': 'its ?own words' };
      const named = { outcome: 'failure', error: 'E', cause: 'its ?own words' };
      expect(toTaskResult({ status: 302, headers, body: '' })).toEqual(named);
    });

    it.each([
      [201, 'Created'],
      [299, 'Status 299'],
      [300, 'Multiple Choices: the component redirects to /a, and redirects are not followed.'],
      [399, 'Status 399: the component redirects to /a, and redirects are not followed.'],
      [400, 'Bad Request'],
      [503, 'Service Unavailable'],
    ])('T3: a location means a redirect of status 300 to 399 only: %s', (status, cause) => {
      const headers = { location: '/a' };
      expect(toTaskResult({ status, headers, body: '' })).toHaveProperty('cause', cause);
    });

    it('T11: a body of bytes is decoded as well as can be', () => {
      const body = Buffer.from('José', 'latin1');
      const headers = { 'content-type': 'text/plain; charset=latin1' };
      expect(toTaskResult({ status: 500, headers, body })).toHaveProperty('cause', 'José');
      expect(toTaskResult({ status: 500, headers: {}, body })).toHaveProperty('cause', 'Jos\ufffd');
    });

    it('takes Headers, those of a foreign fetch, and lists of values', () => {
      const expected = { outcome: 'failure', error: 'E', cause: 'a, b' };
      const pairs = { 'step-func-error': 'E', 'step-func-cause': 'a, b' };
      const foreign = { get: (name: keyof typeof pairs) => pairs[name] } as unknown as Headers;
      const lists = { 'step-func-error': ['E'], 'step-func-cause': ['a', 'b'] };
      for (const headers of [new Headers(pairs), foreign, lists]) {
        expect(toTaskResult({ status: 500, headers, body: '' })).toEqual(expected);
      }
    });
  });

  describe('T4: outputs that AWS would not take', () => {
    it('a body that is not JSON names the size and what is wrong', () => {
      const result = toTaskResult(ok('{"a":1,}'));
      expect(result).toMatchObject({ outcome: 'failure', error: 'StepFuncSource.InvalidOutput' });
      expect(result).toHaveProperty(
        'cause',
        expect.stringMatching(/8 bytes that are not JSON.*position 7/),
      );
    });

    it('one byte too many is too large, counted in UTF-8', () => {
      const body = JSON.stringify(`${'ü'.repeat((MAX_OUTPUT_BYTES - 2) / 2)}x`);
      expect(body.length).toBeLessThan(MAX_OUTPUT_BYTES);
      expect(toTaskResult(ok(body))).toEqual({
        outcome: 'failure',
        error: 'StepFuncSource.OutputTooLarge',
        cause: `The component's output has at least ${MAX_OUTPUT_BYTES + 1} bytes; Step Functions takes ${MAX_OUTPUT_BYTES}.`,
      });
    });

    it('a body that was read only in part is known by its declared length', () => {
      const body = 'x'.repeat(MAX_OUTPUT_BYTES + 1);
      expect(toTaskResult(ok(body, { 'content-length': '31457280' }))).toHaveProperty(
        'cause',
        expect.stringContaining('31457280 bytes'),
      );
    });
  });

  describe('T5: texts are cut to what AWS takes, and well-formed', () => {
    const failed = (error: string, cause: string) =>
      toTaskResult({
        status: 500,
        headers: { 'step-func-error': error, 'step-func-cause': cause },
        body: '',
      });

    it('cuts error at 256 and cause at 32,768', () => {
      expect(failed('e'.repeat(300), 'c'.repeat(40_000))).toEqual({
        outcome: 'failure',
        error: 'e'.repeat(256),
        cause: 'c'.repeat(32_768),
      });
    });

    it('never cuts through a surrogate pair', () => {
      expect(failed(`${'e'.repeat(255)}😀`, `${'c'.repeat(32_767)}😀`)).toEqual({
        outcome: 'failure',
        error: 'e'.repeat(255),
        cause: 'c'.repeat(32_767),
      });
    });

    it('replaces lone surrogates', () => {
      expect(failed('a\ud800b', 'c')).toHaveProperty('error', 'a\ufffdb');
    });

    it('decodes UTF-8 that came as latin1, and leaves other text alone', () => {
      const latin1 = (text: string) => Buffer.from(text, 'utf8').toString('latin1');
      expect(failed(latin1('Größe 😀'), 'c')).toHaveProperty('error', 'Größe 😀');
      expect(failed('Größe', 'c')).toHaveProperty('error', 'Größe');
      expect(failed('日本', 'c')).toHaveProperty('error', '日本');
    });
  });

  it('T2-T5: whatever the response, AWS accepts the result', () => {
    const text = fc.oneof(
      fc.string({ unit: 'binary', maxLength: 400 }),
      fc.string({ unit: fc.constantFrom('\ud800', '\udc00', '😀', 'a', '\u00fc', '"', '{') }),
      fc.json(),
      fc.nat(40_000).map((n) => '😀'.repeat(n)),
      fc.nat(400_000).map((n) => JSON.stringify('x'.repeat(n))),
    );
    const headers = fc.dictionary(
      fc.constantFrom('step-func-error', 'Step-Func-Cause', 'x', 'content-length', '__proto__'),
      fc.oneof(text, fc.array(text, { maxLength: 2 }), fc.constant(undefined)),
    );
    const status = fc.oneof(fc.constant(200), fc.integer({ min: 100, max: 999 }));
    fc.assert(
      fc.property(status, headers, text, (status, headers, body) => {
        const result = toTaskResult({ status, headers, body });
        if (result.outcome === 'success') {
          expect(status).toBe(200);
          expect(Buffer.byteLength(result.output)).toBeLessThanOrEqual(MAX_OUTPUT_BYTES);
          expect(() => JSON.parse(result.output) as unknown).not.toThrow();
          expect(result.output.isWellFormed()).toBe(true);
        } else {
          expect(result.error.length).toBeGreaterThan(0);
          expect(result.error.length).toBeLessThanOrEqual(MAX_ERROR_LENGTH);
          expect(result.cause.length).toBeLessThanOrEqual(MAX_CAUSE_LENGTH);
          expect(`${result.error}${result.cause}`.isWellFormed()).toBe(true);
        }
      }),
      { numRuns: 100 },
    );
  });
});
