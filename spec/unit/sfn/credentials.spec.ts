import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { Credentials } from '../../../lib/sfn/credentials.js';
import { createCredentialSource } from '../../../lib/sfn/credentials.js';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const lot = (n: number, fields: Partial<Credentials> = {}): Credentials => ({
  accessKeyId: `AKID${n}`,
  secretAccessKey: `secret${n}`,
  ...fields,
});

/** A provider as the SDK's: remembers what it had until it is forced. */
function provider(...answers: (Credentials | Error)[]) {
  let held: Credentials | undefined;
  let left = answers;
  const fetch = vi.fn(async (options?: { forceRefresh?: boolean }) => {
    if (held !== undefined && options?.forceRefresh !== true) return held;
    const [next, ...rest] = left;
    left = rest.length === 0 ? left : rest;
    if (next instanceof Error) throw next;
    return (held = next ?? lot(0));
  });
  const forced = () => fetch.mock.calls.filter(([options]) => options?.forceRefresh).length;
  return { fetch, forced };
}

describe('createCredentialSource', () => {
  it('gives what the provider has, and has it at hand from then on', async () => {
    const source = createCredentialSource(provider(lot(1)).fetch, systemClock);
    expect(source.current()).toBeUndefined();
    expect(await source.get()).toEqual(lot(1));
    expect(source.current()).toEqual(lot(1));
  });

  it('fetches refused ones anew, once for all who ask at that time', async () => {
    const { fetch, forced } = provider(lot(1), lot(2));
    const source = createCredentialSource(fetch, systemClock);
    source.refused(await source.get());
    expect(source.current()).toBeUndefined();
    const asked = await Promise.all([source.get(), source.get(), source.get()]);
    expect(asked).toEqual([lot(2), lot(2), lot(2)]);
    expect(forced()).toBe(1);
    expect(source.current()).toEqual(lot(2));
  });

  it('fetches no more than once in 10 s, however often they are refused', async () => {
    const { fetch, forced } = provider(lot(1));
    const source = createCredentialSource(fetch, systemClock);
    for (let second = 0; second < 31; second += 1) {
      source.refused(await source.get());
      await source.get();
      vi.advanceTimersByTime(1_000);
    }
    expect(forced()).toBe(4);
  });

  it('takes a refusal for one of the present credentials only', async () => {
    const { fetch, forced } = provider(lot(1), lot(2));
    const source = createCredentialSource(fetch, systemClock);
    const old = await source.get();
    source.refused(old);
    await source.get();
    vi.advanceTimersByTime(20_000);
    source.refused(old);
    source.refused(lot(2, { sessionToken: 'other' }));
    expect(await source.get()).toEqual(lot(2));
    expect(forced()).toBe(1);
  });

  it('rejects as the provider does, and tries again 10 s later', async () => {
    const gone = new Error('the file is being written');
    const { fetch, forced } = provider(lot(1), gone, lot(2));
    const source = createCredentialSource(fetch, systemClock);
    source.refused(await source.get());
    await expect(source.get()).rejects.toBe(gone);
    // In between the old ones are better than none: AWS may have had a bad moment.
    expect(await source.get()).toEqual(lot(1));
    vi.advanceTimersByTime(10_000);
    expect(await source.get()).toEqual(lot(2));
    expect(forced()).toBe(2);
  });

  it('asks the provider again for what has less than 5 minutes to live', async () => {
    const expiration = new Date(Date.now() + 301_000);
    const source = createCredentialSource(provider(lot(1, { expiration })).fetch, systemClock);
    await source.get();
    expect(source.current()).toBeDefined();
    vi.advanceTimersByTime(2_000);
    expect(source.current()).toBeUndefined();
  });
});
