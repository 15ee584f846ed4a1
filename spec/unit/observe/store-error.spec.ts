import { expect, it } from 'vitest';
import { storeErrorName } from '../../../lib/observe/store-error.js';

const failed = (message: string, more: object = {}) => Object.assign(new Error(message), more);

it.each<[unknown, string]>([
  [failed('relation "locks" does not exist', { code: '42P01' }), '42P01'],
  [failed('Access denied', { code: 'ER_ACCESS_DENIED_ERROR' }), 'ER_ACCESS_DENIED_ERROR'],
  [failed('connect ECONNREFUSED 127.0.0.1:6379', { code: 'ECONNREFUSED' }), 'ECONNREFUSED'],
  [failed("READONLY You can't write against a read only replica."), 'READONLY'],
  [failed('NOPERM this user has no permissions to run the eval command'), 'NOPERM'],
  [failed('ERR max number of clients reached'), 'ERR'],
  [
    failed("ERR Error running script (call to f_1): @user_script:1: -READONLY You can't write"),
    'READONLY',
  ],
  [failed('The store failed', { cause: failed('x', { code: '57P01' }) }), '57P01'],
  [failed('No answer'), 'Error'],
  [failed('No answer', { name: 'TimeoutError' }), 'TimeoutError'],
  [undefined, 'undefined'],
  ['READONLY of a string', 'string'],
])('L11: a store error is called what the store calls it (%s)', (error, name) => {
  expect(storeErrorName(error)).toBe(name);
});
