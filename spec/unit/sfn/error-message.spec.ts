import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { errorMessage, hideInMessage, requestIdOf } from '../../../lib/sfn/error-message.js';
import { awsError } from '../../support/fake-calls.js';

const refused = new Error('connect ECONNREFUSED 127.0.0.1:9');

describe('errorMessage', () => {
  it.each<[string, unknown, string]>([
    [
      "AWS's words",
      awsError('AccessDeniedException', { message: 'User: u is not authorized' }),
      'User: u is not authorized',
    ],
    ["the network's words", refused, 'connect ECONNREFUSED 127.0.0.1:9'],
    [
      'the cause of an error that says little',
      new TypeError('fetch failed', { cause: refused }),
      'fetch failed <- connect ECONNREFUSED 127.0.0.1:9',
    ],
    [
      'the first of several addresses',
      new AggregateError([refused, new Error('other')]),
      'connect ECONNREFUSED 127.0.0.1:9',
    ],
    [
      'a cause that repeats its error, once',
      new Error('The call failed: reset', { cause: new Error('reset') }),
      'The call failed: reset',
    ],
    [
      'HTML in place of JSON, by its status',
      Object.assign(
        new SyntaxError(
          'Unexpected token \'<\', "<html>Sign "... is not valid JSON\n  Deserialization error: to see the raw response, inspect the hidden field {error}.$response on this object.',
        ),
        { $metadata: { httpStatusCode: 502 } },
      ),
      "HTTP 502: Unexpected token '<' … is not valid JSON",
    ],
    [
      'T10: not what V8 quotes from the middle of a body',
      new SyntaxError('Unexpected token \'x\', ..."Token":"SECRET"x..." is not valid JSON'),
      "Unexpected token 'x' … is not valid JSON",
    ],
    [
      'T10: not what AWS quotes of a value',
      awsError('ValidationException', {
        message:
          "1 validation error detected: Value 'the\ncause' at 'cause' failed to satisfy constraint",
      }),
      "1 validation error detected: Value '…' at 'cause' failed to satisfy constraint",
    ],
    ['an error without a message', new Error(''), 'no message came with it'],
    ['undefined', undefined, 'no message came with it'],
    ['a text that was thrown', 'a text', 'no message came with it'],
  ])('%s', (_, error, message) => expect(errorMessage(error)).toBe(message));

  it('T10: says nothing of what was quoted from our own request', () => {
    const token = 'AAAAKgAAAAIAAAAAthe-task-token';
    const error = awsError('InvalidToken', { message: `Invalid Token: '${token}'` });
    hideInMessage(error, [token]);
    expect(errorMessage(error)).toBe("Invalid Token: '…'");
    hideInMessage('a text', [token]);
  });

  it('is one line that is not empty, whatever was thrown', () => {
    fc.assert(
      fc.property(fc.anything(), (thrown) => {
        expect(errorMessage(thrown)).toMatch(/^.+$/);
        expect(errorMessage(Object.assign(new Error('m'), { cause: thrown }))).toMatch(/^.+$/);
      }),
    );
  });
});

describe('requestIdOf', () => {
  it.each([
    ['an error of AWS', { $metadata: { requestId: 'a-b-c' } }, 'a-b-c'],
    ['an error of the network', new Error('reset'), undefined],
    ['an id that would break a log line', { $metadata: { requestId: 'a\nb' } }, undefined],
    ['an id that is no text', { $metadata: { requestId: 7 } }, undefined],
  ])('%s', (_, error, id) => expect(requestIdOf(error)).toBe(id));
});
