import { describe, expect, it } from 'vitest';
import { checkKeys } from '../../../lib/common/check-keys.js';

describe('checkKeys', () => {
  it.each<[unknown, string]>([
    [null, 'stop: expected options to be an object, got null'],
    [[], 'stop: expected options to be an object, got '],
    [new Map(), 'stop: expected options to be an object, got '],
    [5_000, '; did you mean { graceMs: 5000 }?'],
    [{ grace: 1 }, 'stop: unknown option "grace"; did you mean graceMs?'],
    [{ x: 1 }, 'stop: unknown option "x"; known options are graceMs'],
  ])('refuses %j', (options, message) => {
    expect(() => checkKeys('stop', options, ['graceMs'])).toThrow(message);
    expect(() => checkKeys('stop', options, ['graceMs'])).toThrow(TypeError);
  });

  it.each([[{}], [{ graceMs: undefined }], [Object.create(null)]])('takes %j', (options) => {
    expect(() => checkKeys('stop', options, ['graceMs'])).not.toThrow();
  });
});
