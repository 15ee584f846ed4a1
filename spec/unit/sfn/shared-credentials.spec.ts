import { afterEach, describe, expect, it, onTestFinished, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';
import type { CredentialSettings, SharedCredentials } from '../../../lib/sfn/shared-credentials.js';
import { shareCredentials } from '../../../lib/sfn/shared-credentials.js';

afterEach(() => void vi.unstubAllEnvs());

/** Settings that no other test has, since what is shared outlives a test. */
let regions = 0;
function settingsOf(): CredentialSettings & { credentials: ReturnType<typeof vi.fn> } {
  const credentials = vi.fn(async () => ({ accessKeyId: 'AKID', secretAccessKey: 'secret' }));
  return { region: `region-${(regions += 1)}`, credentials };
}

function share(settings: CredentialSettings, clock = systemClock): SharedCredentials {
  const shared = shareCredentials(settings, clock);
  onTestFinished(() => shared.release());
  return shared;
}

/** Whether two have the same source: what one has fetched, the other has at hand. */
async function isShared(one: SharedCredentials, other: SharedCredentials): Promise<boolean> {
  await one.get();
  return other.latest() !== undefined;
}

describe('shareCredentials', () => {
  it('fetches once for all clients of the same settings', async () => {
    const settings = settingsOf();
    const all = Array.from({ length: 5 }, () => share({ ...settings }));
    await Promise.all(all.map((shared) => shared.get()));
    expect(settings.credentials).toHaveBeenCalledOnce();
  });

  it.each<[string, (settings: CredentialSettings) => SharedCredentials]>([
    ['another region', (settings) => share({ ...settings, region: 'elsewhere' })],
    ['another profile', (settings) => share({ ...settings, profile: 'other' })],
    [
      'other credentials',
      (settings) =>
        share({ ...settings, credentials: { accessKeyId: 'OTHER', secretAccessKey: 's' } }),
    ],
    ['another clock', (settings) => share(settings, { ...systemClock })],
    [
      'another environment of AWS',
      (settings) => {
        vi.stubEnv('AWS_PROFILE', 'other');
        return share(settings);
      },
    ],
    [
      'another home, with its files',
      (settings) => {
        vi.stubEnv('HOME', '/elsewhere');
        return share(settings);
      },
    ],
  ])('keeps apart what has %s', async (_, shareOther) => {
    const settings = settingsOf();
    const one = share(settings);
    expect(await isShared(one, shareOther(settings))).toBe(false);
  });

  it('shares with another order of the environment, and whatever is not of AWS', async () => {
    const settings = settingsOf();
    vi.stubEnv('AWS_B', '1');
    vi.stubEnv('AWS_A', '2');
    const one = share(settings);
    vi.unstubAllEnvs();
    vi.stubEnv('AWS_A', '2');
    vi.stubEnv('AWS_B', '1');
    vi.stubEnv('UNRELATED', '3');
    expect(await isShared(one, share(settings))).toBe(true);
  });

  it('keeps what it has fetched for the next source, though all have released it', async () => {
    const settings = settingsOf();
    const first = shareCredentials(settings, systemClock);
    await first.get();
    first.release();
    expect(share(settings).current()).toMatchObject({ accessKeyId: 'AKID' });
    expect(settings.credentials).toHaveBeenCalledOnce();
  });

  it('drops the oldest of more than 32 settings: an environment may change again and again', async () => {
    const settings = settingsOf();
    const fetchesSoFar = async () => {
      await share(settings).get();
      return settings.credentials.mock.calls.length;
    };
    expect(await fetchesSoFar()).toBe(1);
    for (let others = 1; others < 32; others += 1) share(settingsOf());
    expect(await fetchesSoFar()).toBe(1);
    share(settingsOf());
    expect(await fetchesSoFar()).toBe(2);
  });

  it("rejects as a provider of the user's does, in its own words", async () => {
    const error = new TypeError('my own bug');
    const credentials = () => Promise.reject(error);
    await expect(share({ ...settingsOf(), credentials }).get()).rejects.toBe(error);
  });
});
