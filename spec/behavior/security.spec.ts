import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { ConfigError, createStepFuncSource, toTaskResult } from '../../lib/index.js';
import { systemClock } from '../../lib/async/clock.js';
import { createEvents } from '../../lib/observe/events.js';
import { parseConfig } from '../../lib/source/config.js';
import { logEvents } from '../../lib/observe/log.js';
import { readCapped } from '../../lib/net/capped-body.js';
import { MAX_CAUSE_LENGTH, MAX_ERROR_LENGTH, MAX_OUTPUT_BYTES } from '../../lib/task/limits.js';
import { fine } from '../support/source-on-fake.js';

const accept = (path: string) => () =>
  parseConfig({ activityName: 'sum', path }, { withLocks: false, pathless: false });

describe('path', () => {
  const base = 'http://component.example:8080';
  /** The ways in which users make a URL of it. */
  const urls = (path: string) => [
    new URL(base + path),
    new URL(path, base),
    new URL(path, `${base}/api/`),
  ];

  it.each([
    '//evil.example/step',
    '///evil.example/step',
    '/\\evil.example/step',
    '/\\/evil.example/step',
    '//user:password@evil.example/step',
    '//[::1]/step',
  ])('%s would lead to another origin by new URL(path, base), and is refused', (path) => {
    expect(new URL(path, base).origin).not.toBe(base);
    expect(accept(path)).toThrow(ConfigError);
    expect(accept(path)).toThrow(/path: expected a request path that begins with one '\/'/);
    const config = { activityName: 'sum', path };
    expect(() => createStepFuncSource(config, fine)).toThrow(ConfigError);
  });

  it.each([
    'http://evil.example/',
    'evil.example/step',
    '\\\\evil.example/step',
    '/\t/evil.example/step',
    '/\n/evil.example/step',
    '/step HTTP/1.1\r\nhost: evil.example',
    '/step#fragment',
    '/\u0000step',
    '/stép',
    '',
  ])('%j is refused', (path) => {
    expect(accept(path)).toThrow(ConfigError);
  });

  it.each([
    '/@evil.example/step',
    '/:80@evil.example/step',
    '/../../evil.example',
    '/.//evil.example/step',
    '/..\\..\\evil.example',
    '/%2e%2e/%2f%2fevil.example',
    '/%5c%5cevil.example',
    '/step//evil.example',
    '/step?to=//evil.example/',
    '/http://evil.example/',
    '/;//evil.example',
  ])('%s stays with the component', (path) => {
    expect(accept(path)).not.toThrow();
    for (const { origin, username } of urls(path)) expect([origin, username]).toEqual([base, '']);
  });

  it('whatever is accepted stays with the component', () => {
    const characters = Array.from('/\\.@:?&=%2fe5c;[]a');
    const unit = fc.constantFrom(...characters, 'evil.example', '//', '..');
    fc.assert(
      fc.property(fc.string({ unit, maxLength: 12 }), (rest) => {
        const path = `/${rest}`;
        try {
          accept(path)();
        } catch {
          return;
        }
        for (const { origin } of urls(path)) expect(origin).toBe(base);
      }),
      { numRuns: 5_000 },
    );
  });
});

describe('an output', () => {
  const success = (body: string) => toTaskResult({ status: 200, headers: {}, body });

  it.each([
    '{"__proto__":{"polluted":true}}',
    '{"constructor":{"prototype":{"polluted":true}}}',
    '{"__proto__":null}',
    '[{"__proto__":[]}]',
  ])('T2: %s pollutes nothing, and is passed on byte for byte', (body) => {
    expect(success(body)).toEqual({ outcome: 'success', output: body });
    expect(({} as { polluted?: unknown }).polluted).toBeUndefined();
  });

  it.each([
    ['arrays', '['.repeat(MAX_OUTPUT_BYTES / 2) + ']'.repeat(MAX_OUTPUT_BYTES / 2)],
    ['objects', '{"":'.repeat(52_000) + '0' + '}'.repeat(52_000)],
  ])('T2: %s as deep as AWS has room for overflow no stack', (_, body) => {
    expect(Buffer.byteLength(body)).toBeLessThanOrEqual(MAX_OUTPUT_BYTES);
    expect(success(body)).toEqual({ outcome: 'success', output: body });
  });

  it.each([
    ['brackets that never close', '['.repeat(MAX_OUTPUT_BYTES)],
    ['braces that never close', '{"a":'.repeat(MAX_OUTPUT_BYTES / 5)],
    ['a string that never closes', `"${'\\u0000'.repeat(43_000)}`],
    ['a minus for each byte', '-'.repeat(MAX_OUTPUT_BYTES)],
  ])('T4: %s are no JSON', (_, body) => {
    expect(success(body)).toMatchObject({
      outcome: 'failure',
      error: 'StepFuncSource.InvalidOutput',
    });
  });
});

describe('an error', () => {
  it('T3: headers of odd names are headers as any', () => {
    const odd = JSON.parse('{"__proto__":"x","constructor":"y","get":"z"}') as Record<
      string,
      string
    >;
    expect(toTaskResult({ status: 500, headers: odd, body: 'why' })).toEqual({
      outcome: 'failure',
      error: 'StepFuncSource.Http500',
      cause: 'why',
    });
  });

  it.each([
    ['a value', 'e'.repeat(10_000_000), 'c'.repeat(10_000_000)],
    ['pairs of surrogates', '😀'.repeat(1_000_000), '😀'.repeat(1_000_000)],
    ['lone surrogates', '\ud800'.repeat(1_000_000), '\udfff'.repeat(1_000_000)],
    ['bytes that are not UTF-8', '\u00ff'.repeat(1_000_000), '\u00c0\u0080'.repeat(1_000_000)],
  ])('T5: of megabytes of %s keeps what AWS takes', (_, error, cause) => {
    const result = toTaskResult({
      status: 500,
      headers: { 'step-func-error': error, 'step-func-cause': cause },
      body: '',
    });
    if (result.outcome !== 'failure') expect.unreachable();
    expect(result.error.length).toBeLessThanOrEqual(MAX_ERROR_LENGTH);
    expect(result.cause.length).toBeLessThanOrEqual(MAX_CAUSE_LENGTH);
    expect((result.error + result.cause).isWellFormed()).toBe(true);
  });

  it.each([
    ['a line break', 'Told\nERROR A task was lost'],
    ['a carriage return', 'Told\rERROR A task was lost'],
    // A header can hold these, as UTF-8.
    ['NEXT LINE', 'Told\u0085ERROR A task was lost'],
    ['LINE SEPARATOR', 'Told\u2028ERROR A task was lost'],
    ['a terminal’s escape', 'Told\u001b[2J'],
    ['a terminal’s escape of one character', 'Told\u009b2J'],
    ['a change of writing direction', 'Told\u202etsol saw ksat A'],
  ])('whose name has %s makes one plain line of log', (_, error) => {
    const events = createEvents();
    const messages: string[] = [];
    const log = (_: object, message: string) => messages.push(message);
    logEvents(
      events,
      { debug: log, info: log, warn: log, error: log },
      { clock: systemClock, causes: false },
    );
    const event = {
      activityName: 'sum',
      poller: 0,
      task: 't',
      durationMs: 1,
      invokeMs: 1,
      attempts: 1,
      attributes: {},
    };
    events.emit('taskFailed', { ...event, error });
    expect(messages).toHaveLength(1);
    expect(messages[0]).not.toMatch(/[\p{Cc}\p{Cf}\u2028\u2029]/u);
    expect(messages[0]).toMatch(/^A task failed with Told/);
  });
});

describe('a body', () => {
  setFlagsFromString('--expose-gc');
  const collectGarbage = runInNewContext('gc') as () => void;

  it('of single bytes is not held as so many objects', async () => {
    const chunks: WeakRef<Uint8Array>[] = [];
    let alive = 0;
    async function* trickle() {
      for (let i = 0; i < 20_000; i += 1) {
        const chunk = new Uint8Array([0x37]);
        chunks.push(new WeakRef(chunk));
        yield chunk;
      }
      // A turn of the event loop: what was looked at lives as long as this one.
      await new Promise((resolve) => setImmediate(resolve));
      collectGarbage();
      alive = chunks.filter((chunk) => chunk.deref() !== undefined).length;
    }
    expect((await readCapped(trickle(), MAX_OUTPUT_BYTES + 1)).toString()).toBe('7'.repeat(20_000));
    expect(alive).toBeLessThan(2_000);
  });

  it('of single bytes stops at its limit, whole and in order', async () => {
    const text = 'für 😀 '.repeat(1_000);
    const bytes = Buffer.from(text);
    const single = async function* () {
      for (const byte of bytes) yield Uint8Array.of(byte);
    };
    expect((await readCapped(single(), bytes.length)).toString()).toBe(text);
    expect(await readCapped(single(), 1_500)).toEqual(bytes.subarray(0, 1_500));
  });
});
