import { describe, expect, it } from 'vitest';
import { checkClientConfig } from '../../../lib/sfn/client-config.js';

describe('checkClientConfig', () => {
  it.each<[string, object]>([
    ['nothing', {}],
    ['a region', { region: 'eu-west-1' }],
    ['functions', { region: async () => 'x', credentials: async () => ({}), endpoint: () => '' }],
    ['credentials', { credentials: { accessKeyId: 'a', secretAccessKey: 's' } }],
    ['an endpoint', { endpoint: 'http://localhost:4566' }],
    ['FIPS and dual stack', { useFipsEndpoint: true, useDualstackEndpoint: false }],
    ['a key of a newer SDK', { somethingEntirelyNew: 1 }],
    ['keys without a value', { region: undefined, requestHandler: undefined }],
  ])('takes %s, as a copy', (_, config) => {
    const checked = checkClientConfig(config);
    expect(checked).toEqual(config);
    expect(checked).not.toBe(config);
  });

  it.each<[string, unknown, RegExp]>([
    ['a text', 'eu-west-1', /clientConfig to be an object as SFNClient's .*got "eu-west-1"/],
    ['null', null, /clientConfig to be an object.*got null/],
    ['an array', [], /clientConfig to be an object.*got an array/],
    ['a region that is none', { region: 7 }, /clientConfig\.region to be a region.*got 7/],
    ['an empty region', { region: '' }, /clientConfig\.region to be a region/],
    [
      'half of credentials',
      { credentials: { accessKeyId: 'a' } },
      /credentials to be .*an object$/,
    ],
    ['attempts of 0', { maxAttempts: 0 }, /maxAttempts to be a whole number from 1/],
    ['FIPS as a text', { useFipsEndpoint: 'yes' }, /useFipsEndpoint to be true or false/],
    ['a request handler', { requestHandler: {} }, /requestHandler to be left out.*options\.client/],
    ['a signer', { signer: () => undefined }, /signer to be left out.*options\.client/],
    [
      'an endpoint that is no URL',
      { endpoint: 'localhost:4566' },
      /endpoint to be an http or https/,
    ],
    ['a part of a name', { useFips: true }, /did you mean useFipsEndpoint\?/],
    ['a Map', new Map(), /got a Map/],
    ['a slip', { regoin: 'x' }, /unknown key "regoin" .*did you mean region\?/],
    ['another slip', { maxattempts: 3 }, /did you mean maxAttempts\?/],
  ])('refuses %s', (_, config, message) => {
    expect(() => checkClientConfig(config)).toThrow(TypeError);
    expect(() => checkClientConfig(config)).toThrow(message);
  });

  it('never repeats what may be a secret', () => {
    expect(() => checkClientConfig({ credentials: 'AKID:hunter2' })).toThrow(
      expect.objectContaining({ message: expect.not.stringContaining('hunter2') as string }),
    );
  });
});
