import { SFNClient } from '@aws-sdk/client-sfn';
import fc from 'fast-check';
import { describe, expect, it, vi } from 'vitest';
import { checkInvoke, checkOptions } from '../../../lib/source/options.js';
import { FakeSfn } from '../../../lib/testing/index.js';

const client = { send: vi.fn() };
const other = { send: vi.fn() };
const quiet = () => undefined;
const logger = { debug: quiet, info: quiet, warn: quiet, error: quiet };

/** The message of the TypeError with which `call` refuses what came. */
function refusal(call: () => unknown): string {
  try {
    call();
  } catch (error) {
    expect(error).toBeInstanceOf(TypeError);
    return (error as TypeError).message;
  }
  throw new Error('was not refused');
}

describe('checkInvoke', () => {
  it.each([() => undefined, async () => undefined, vi.fn()])('takes a function', (invoke) =>
    expect(() => checkInvoke(invoke)).not.toThrow(),
  );

  it.each([
    [undefined, 'nothing'],
    [null, 'null'],
    ['http://localhost:8080', '"http://localhost:8080" (string of 21)'],
    [{ invoke: quiet }, 'an object'],
    [[quiet], 'an array'],
    [Promise.resolve(quiet), 'a Promise'],
    [42, '42 (number)'],
  ])('refuses %o, and says that it expects a function', (invoke: unknown, came) => {
    expect(refusal(() => checkInvoke(invoke))).toBe(
      'createStepFuncSource: expected invoke, a function (request, signal) => Promise of the ' +
        `component's response, as second argument, got ${came}`,
    );
  });
});

describe('checkOptions', () => {
  it.each([
    ['absent', undefined],
    ['empty', {}],
    ['of undefined values', { client: undefined, logger: undefined }],
  ])('takes options that are %s: everything is then our own', (_, options) => {
    const checked = checkOptions(options);
    expect(checked.clients).toBeUndefined();
    expect(checked.logger).toBeUndefined();
  });

  it('takes one client for polls and reports', () => {
    const { clients } = checkOptions({ client });
    expect(clients?.poll).toBe(client);
    expect(clients?.report).toBe(client);
  });

  it('takes one client for polls and one for reports', () => {
    const { clients } = checkOptions({ client: { poll: client, report: other } });
    expect(clients?.poll).toBe(client);
    expect(clients?.report).toBe(other);
  });

  it("takes the SDK's client and the test kit's, whose send is inherited", () => {
    const [sdk, fake] = [new SFNClient({ region: 'eu-west-1' }), new FakeSfn()];
    expect(checkOptions({ client: sdk }).clients?.poll).toBe(sdk);
    expect(checkOptions({ client: fake }).clients?.poll).toBe(fake);
    const both = checkOptions({ client: { poll: fake, report: sdk } }).clients;
    expect([both?.poll, both?.report]).toEqual([fake, sdk]);
    sdk.destroy();
  });

  it('takes a logger with the four levels, console too, as it is', () => {
    expect(checkOptions({ logger }).logger).toBe(logger);
    expect(checkOptions({ logger: console }).logger).toBe(console);
  });

  it('calls nothing of what it takes', () => {
    const calls = vi.fn();
    const touchy = { debug: calls, info: calls, warn: calls, error: calls };
    checkOptions({ client: { send: calls }, logger: touchy });
    expect(calls).not.toHaveBeenCalled();
  });

  it.each([
    [null, 'null'],
    ['client', '"client" (string of 6)'],
    [42, '42 (number)'],
    [quiet, 'a function'],
  ])('refuses %o as options', (options: unknown, came) => {
    expect(refusal(() => checkOptions(options))).toBe(
      `createStepFuncSource: expected options to be an object, got ${came}`,
    );
  });

  it.each([
    [null, 'null'],
    [{}, 'an object'],
    ['eu-west-1', '"eu-west-1" (string of 9)'],
    [{ send: 'a letter' }, 'an object'],
    [[client], 'an array'],
    [quiet, 'a function'],
  ])('refuses %o as client', (bad: unknown, came) => {
    expect(refusal(() => checkOptions({ client: bad }))).toBe(
      'createStepFuncSource: expected options.client to be an object with send(command, options), ' +
        `or { poll, report } of such, got ${came}`,
    );
  });

  it.each([
    [{ poll: client }, 'report', 'nothing'],
    [{ report: client }, 'poll', 'nothing'],
    [{ poll: client, report: {} }, 'report', 'an object'],
    [{ poll: null, report: client }, 'poll', 'null'],
    [{ poll: 'a', report: 'b' }, 'poll', '"a" (string of 1)'],
  ])('refuses %o as client, naming the one that is wrong', (bad: unknown, key, came) => {
    expect(refusal(() => checkOptions({ client: bad }))).toBe(
      `createStepFuncSource: expected options.client.${key} to be an object with ` +
        `send(command, options), got ${came}`,
    );
  });

  it.each(['debug', 'info', 'warn', 'error'])('refuses a logger without %s', (level) => {
    expect(refusal(() => checkOptions({ logger: { ...logger, [level]: undefined } }))).toBe(
      `createStepFuncSource: expected options.logger.${level} to be a function, got nothing`,
    );
    expect(refusal(() => checkOptions({ logger: { ...logger, [level]: 'loud' } }))).toContain(
      `options.logger.${level} to be a function, got "loud" (string of 4)`,
    );
  });

  it.each([[null], ['pino'], [42], [[]], [true]])('refuses %j as logger', (bad) => {
    expect(refusal(() => checkOptions({ logger: bad }))).toMatch(/expected options\.logger\b/);
  });

  it.each([[{}], [null], [{ createLock: true }], ['redis'], [quiet]])(
    'L: refuses %o as locks',
    (bad: unknown) => {
      expect(refusal(() => checkOptions({ locks: bad }))).toMatch(
        /expected options\.locks to be an object with createLock\(name, ttlMs\), got /,
      );
    },
  );

  it('L: takes locks by their shape, inherited too', () => {
    class Factory {
      createLock() {
        throw new Error('must not be called');
      }
    }
    const locks = new Factory();
    expect(checkOptions({ locks }).locks).toBe(locks);
  });

  it.each([
    ['clients', 'client'],
    ['Client', 'client'],
    ['loger', 'logger'],
    ['LOGGER', 'logger'],
    ['lock', 'locks'],
  ])('refuses the option %s: %s was probably meant', (key, meant) => {
    expect(refusal(() => checkOptions({ [key]: client }))).toBe(
      `createStepFuncSource: unknown option "${key}"; did you mean ${meant}?`,
    );
  });

  it('refuses an option that resembles none, and lists those that there are', () => {
    const message = refusal(() => checkOptions({ color: 'red' }));
    expect(message).toMatch(/^createStepFuncSource: unknown option "color"; known options/);
    for (const key of ['client', 'logger']) expect(message).toContain(key);
  });

  it.each(['maxConcurrency', 'path', 'lockTtlMs'])(
    'refuses the option %s, which belongs to the first argument',
    (key) => {
      expect(refusal(() => checkOptions({ [key]: 10 }))).toBe(
        `createStepFuncSource: unknown option "${key}"; it belongs to the config, the first argument`,
      );
    },
  );

  it.each(['region', 'profile', 'endpoint', 'retryMode'])(
    'refuses the option %s, which belongs to options.clientConfig',
    (key) => {
      expect(refusal(() => checkOptions({ [key]: 'x' }))).toBe(
        `createStepFuncSource: unknown option "${key}"; it belongs to options.clientConfig`,
      );
    },
  );

  it.each([[null], [{}], ['execution'], [['execution']]])(
    'refuses %j as taskAttributes',
    (taskAttributes) => {
      expect(refusal(() => checkOptions({ taskAttributes }))).toMatch(
        /expected options\.taskAttributes to be a function \(input\) => attributes, got /,
      );
    },
  );

  it('refuses whatever fits nowhere with a TypeError, and takes nothing of it', () => {
    const misfit = fc.anything().filter((value) => value !== undefined);
    fc.assert(
      fc.property(
        misfit,
        fc.constantFrom('client', 'logger', 'locks', 'taskAttributes'),
        (value, key) => {
          expect(refusal(() => checkOptions({ [key]: value }))).toContain(`options.${key}`);
        },
      ),
    );
  });
});
