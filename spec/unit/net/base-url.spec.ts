import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { parseBaseUrl } from '../../../lib/net/base-url.js';

const wanted =
  'httpInvoke: expected baseUrl to be an http or https URL without query, fragment or credentials, got ';

describe('parseBaseUrl', () => {
  it.each<[string | URL, string, string]>([
    ['http://app', 'http://app', ''],
    ['http://app/', 'http://app', ''],
    ['https://app:8443/api', 'https://app:8443', '/api'],
    ['http://[::1]:8080/a/b//', 'http://[::1]:8080', '/a/b'],
    ['HTTP://App:80/Api/', 'http://app', '/Api'],
    [new URL('https://app/v1/'), 'https://app', '/v1'],
  ])('%s', (baseUrl, origin, basePath) => {
    expect(parseBaseUrl(baseUrl)).toEqual({ origin, basePath });
  });

  it('any path follows the base with one slash between them', () => {
    const segment = fc.stringMatching(/^[a-z0-9._~-]{1,8}$/).filter((s) => !/^\.+$/.test(s));
    fc.assert(
      fc.property(fc.array(segment), fc.nat(3), (segments, slashes) => {
        const path = segments.map((each) => `/${each}`).join('');
        const { basePath } = parseBaseUrl(`http://app${path}${'/'.repeat(slashes)}`);
        expect(basePath).toBe(path);
      }),
    );
  });

  it.each<[unknown, string]>([
    ['', '""'],
    ['localhost:8080', '"localhost:8080"'],
    ['/api', '"/api"'],
    ['http://', '"http://"'],
    ['http://localhost:99999', '"http://localhost:99999"'],
    ['ftp://localhost', '"ftp://localhost"'],
    ['ws://localhost', '"ws://localhost"'],
    ['file:///etc/passwd', '"file:///etc/passwd"'],
    ['http://localhost/?a=1', '"http://localhost/?a=1"'],
    ['http://localhost/api#top', '"http://localhost/api#top"'],
    [new URL('http://localhost/?a=1'), '"http://localhost/?a=1"'],
    [undefined, 'nothing'],
    [null, 'null'],
    [8080, '8080 (number)'],
  ])('refuses %s, and says what came', (baseUrl, got) => {
    const parse = () => parseBaseUrl(baseUrl as string);
    expect(parse).toThrow(TypeError);
    expect(parse).toThrow(wanted + got);
  });

  it.each([
    'https://:secret@localhost',
    'http://user:secret@localhost',
    'http://user:secret@localhost:99999',
    'http:/user:secret@localhost',
    'http:user:secret@localhost',
    'http:\\\\user:secret@localhost',
    'user:secret@localhost',
  ])('T10: refuses credentials, and does not repeat them: %s', (baseUrl) => {
    const parse = () => parseBaseUrl(baseUrl);
    expect(parse).toThrow(wanted);
    expect(parse).not.toThrow(/secret/);
  });
});
