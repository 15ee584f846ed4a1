import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { redact } from '../../../lib/common/redact.js';

describe('redact', () => {
  it.each([
    [
      'the user part of a URL',
      'Request cannot be constructed from a URL that includes credentials: http://worker:hunter2@app:8080/step/sum',
      'Request cannot be constructed from a URL that includes credentials: http://…@app:8080/step/sum',
    ],
    [
      'its query and fragment',
      'request to https://app/p?api_key=hunter2#hunter2 failed, reason: connect ECONNREFUSED 127.0.0.1:9',
      'request to https://app/p?… failed, reason: connect ECONNREFUSED 127.0.0.1:9',
    ],
    ['a password with a slash', 'Failed to parse URL from http://w:a/hunter2@app/p', 'app/p'],
    ['a password with a ?', 'Failed to parse URL from http://w:a?hunter2@app/p', 'app/p'],
    ['a password with a #', 'Failed to parse URL from http://w:a#hunter2@app/p', 'app/p'],
    ['a password with a blank', 'Failed to parse URL from http://w:a hunter2@app/p', 'app/p'],
    ['a password with an @', 'Failed to parse URL from http://w:a@hunter2@app:99999/p', '99999/p'],
    ['a password with quotes', 'URL from "http://w:\'hunter2"@app/p"', '@app/p"'],
    ['a user alone', 'http://hunter2@app/p is refused', 'http://…@app/p is refused'],
    ['other schemes', 'redis://:hunter2@10.0.0.1:6379/0', 'redis://…@10.0.0.1:6379/0'],
    ['SQL', 'postgres://u:hunter2@db/x?password=hunter2.', 'postgres://…@db/x?….'],
    ['slashes that parsers forgive', 'http:/u:hunter2@a http:\\\\u:hunter2@b', 'http:\\\\…@b'],
    ['no scheme', 'at //u:hunter2@app/p', 'at //…@app/p'],
    ['two URLs of a line', '"http://h/?q=1","http://u:hunter2@h/q"', '"http://h/?…'],
    ['the query of a path', 'to /login?next=hunter2 now', 'to /login?… now'],
    ['an authorization header', 'Authorization: Bearer hunter2-x now', 'Authorization: … now'],
    ['one of JSON', '{"authorization":"Basic hunter2=","x":1}', '{"authorization":"…","x":1}'],
    ['a bearer token in words', 'the token is bearer hunter2.abc', 'the token is bearer …'],
    [
      'a signature of AWS',
      'Authorization=AWS4-HMAC-SHA256 Credential=hunter2/x, SignedHeaders=host, Signature=hunter2',
      'Authorization=…',
    ],
    ['a session token', 'host:x\nx-amz-security-token:hunter2==\nx', 'x-amz-security-token:…\nx'],
    ['a cookie', 'set-cookie: sid=hunter2; other=hunter2 end', 'set-cookie: …'],
    ['an API key', 'x-api-key: hunter2', 'x-api-key: …'],
    [
      'what fetch quotes of a header',
      'Headers.append: "Bearer hunter2\n" is an invalid header value.',
      'Headers.append: "…" is an invalid header value.',
    ],
    [
      'what AWS quotes of a request',
      "1 validation error detected: Value 'hunter2 'of it' all' at 'cause' failed to satisfy",
      "1 validation error detected: Value '…' at 'cause' failed to satisfy",
    ],
  ])('takes out %s', (_, text, expected) => {
    const redacted = redact(text);
    expect(redacted).toContain(expected);
    expect(redacted).toContain('…');
    expect(redacted).not.toContain('hunter2');
  });

  it.each([
    'connect ECONNREFUSED 127.0.0.1:9',
    'connect ECONNREFUSED ::1:9 at http://[::1]:9/step/sum',
    'getaddrinfo ENOTFOUND app <- Error: http://app:8080 can not be had, ask ops@example.com',
    'User: arn:aws:sts::1:assumed-role/x/i is not authorized to perform: states:SendTaskSuccess on resource: arn:aws:states:us-east-1:1:activity:sum because no VPC endpoint policy allows the states:SendTaskSuccess action',
    "Task Timed Out: 'arn:aws:states:us-east-1:1:activity:sum'",
    "Cannot find module 'file:///app/node_modules/@scope/x/index.js'",
    'Basic authentication is required; a bearer token is missing',
    'What now? See https://app/docs.',
    '// a comment, and 1 / 2 ? 3 : 4',
  ])('leaves words without secrets as they are: %s', (text) => {
    expect(redact(text)).toBe(text);
  });

  it('takes out what our own request carried, whole or in pieces, as it is or as a JSON string', () => {
    const input = '{"name":"José","ssn":"078-05-1120"}';
    const texts = [
      `bad ${input}!`,
      `bad ${JSON.stringify(input)}!`,
      'Unexpected token, ..."sé","ssn":"078-05-1120"}" is not valid JSON',
      'bad ,"ssn":"078-05-11!',
    ];
    for (const text of texts) {
      expect(redact(text, ['token', input])).not.toMatch(/078/);
      expect(redact(text, ['token', input])).toMatch(/^(bad|Unexpected token, ...").*…/);
    }
    expect(redact('42 of port 4242', ['42'])).toBe('42 of port 4242');
    expect(redact('connect 127.0.0.1', ['{"host":"127.0.0.1"}'])).toBe('connect 127.0.0.1');
  });

  it('never gives away a secret that stands in a text, and never throws', () => {
    const char = fc.constantFrom(
      'a',
      ':',
      '/',
      '@',
      '?',
      '#',
      '"',
      "'",
      ' ',
      '.',
      '…',
      '=',
      '[',
      ']',
      '\\',
      '\n',
    );
    const words = fc.string({ unit: char, maxLength: 40 });
    const secret = fc.stringMatching(/^[0-9a-z{}":,]{16,60}$/);
    fc.assert(
      fc.property(words, secret, words, (before, quoted, after) => {
        const redacted = redact(before + quoted + after, [quoted]);
        expect(redacted).not.toContain(quoted);
        expect(redact(redacted, [quoted])).toBe(redact(redact(redacted, [quoted]), [quoted]));
      }),
    );
    fc.assert(
      fc.property(fc.stringMatching(/^[\w:/?#@!$&'()*+,;=-]{6,20}$/), (password) => {
        const text = `Failed to parse URL from http://worker:${password}@app/`;
        fc.pre(!/^\d+(?:[/?#]|$)|@.*[?#]/.test(password));
        expect(redact(text)).toBe('Failed to parse URL from http://…@app/');
      }),
    );
  });

  it('takes no time to speak of for a long text', () => {
    const texts = [
      '//a '.repeat(8_000),
      '//:'.repeat(8_000),
      '/a?'.repeat(8_000),
      '"'.repeat(32_000),
    ];
    const before = process.cpuUsage();
    for (const text of texts) redact(text, ['x'.repeat(262_144)]);
    // Of this process alone: what others do on the machine does not count.
    expect(process.cpuUsage(before).user).toBeLessThan(2_000_000);
  });
});
