import { Agent } from 'undici';
import { describe, expect, it } from 'vitest';
import { checkHttpInvokeOptions } from '../../../lib/task/http-invoke-options.js';

describe('checkHttpInvokeOptions', () => {
  it.each<[string, object]>([
    ['no option', {}],
    ['headers of any kind, which are checked elsewhere', { headers: 7 }],
    ["a dispatcher of undici's", { dispatcher: new Agent() }],
    ['anything that sends requests', { dispatcher: { request: () => undefined } }],
    ['an option that is undefined', { dispatcher: undefined, headers: undefined }],
  ])('takes %s', (_, options) => {
    expect(() => checkHttpInvokeOptions(options)).not.toThrow();
  });

  it.each<[unknown, RegExp]>([
    [{ header: {} }, /^httpInvoke: unknown option "header"; did you mean headers\?/],
    [{ Headers: {} }, /did you mean headers\?/],
    [{ agent: {} }, /unknown option "agent".*known options are headers, dispatcher/],
    [null, /^httpInvoke: expected options to be an object, got null/],
    ['headers', /expected options to be an object, got "headers"/],
    [{ dispatcher: {} }, /expected options.dispatcher to be an undici Dispatcher, got an object/],
    [{ dispatcher: null }, /expected options.dispatcher to be an undici Dispatcher, got null/],
  ])('refuses %o', (options, message) => {
    const check = () => checkHttpInvokeOptions(options);
    expect(check).toThrow(TypeError);
    expect(check).toThrow(message);
  });
});
