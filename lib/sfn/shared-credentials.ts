import { SFNClient } from '@aws-sdk/client-sfn';
import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Clock } from '../async/clock.js';
import { getProperty } from '../common/property.js';
import type { CredentialSource, FetchCredentials } from './credentials.js';
import { createCredentialSource } from './credentials.js';
import { errorName } from './errors.js';
import { createRequestHandler } from './request-handler.js';
import { createUnrefFetches } from './unref-fetch.js';

/** The settings that decide which credentials a client has. */
export type CredentialSettings = Pick<SFNClientConfig, 'region' | 'profile' | 'credentials'>;

export interface SharedCredentials extends CredentialSource {
  /**
   * Call it once, when they are no longer needed. The last call ends the requests that are under
   * way.
   */
  release(): void;
}

interface Entry {
  settings: CredentialSettings;
  environment: string;
  clock: Clock;
  source: CredentialSource;
  users: number;
  begin(): void;
  end(): void;
}

/**
 * The oldest are dropped. Otherwise a process that changes its environment again and again would
 * grow.
 */
const MAX_ENTRIES = 32;
const entries: Entry[] = [];

/**
 * The credentials of these settings, as the SDK finds them. One source serves the whole process.
 * Otherwise ten sources would ask STS or IMDS twenty times at once.
 */
export function shareCredentials(settings: CredentialSettings, clock: Clock): SharedCredentials {
  const environment = awsEnvironment();
  const entry =
    entries.find(
      (known) =>
        known.environment === environment &&
        known.clock === clock &&
        isSame(known.settings, settings),
    ) ?? addEntry(settings, environment, clock);
  if (entry.users === 0) entry.begin();
  entry.users += 1;
  return {
    ...entry.source,
    release() {
      entry.users -= 1;
      if (entry.users === 0) entry.end();
    },
  };
}

function addEntry(settings: CredentialSettings, environment: string, clock: Clock): Entry {
  const entry = { settings, environment, clock, users: 0, ...createSource(settings, clock) };
  entries.push(entry);
  if (entries.length > MAX_ENTRIES) entries.shift();
  return entry;
}

function isSame(one: CredentialSettings, other: CredentialSettings): boolean {
  return (
    one.region === other.region &&
    one.profile === other.profile &&
    one.credentials === other.credentials
  );
}

function createSource(
  settings: CredentialSettings,
  clock: Clock,
): Pick<Entry, 'source' | 'begin' | 'end'> {
  const requestHandler = createRequestHandler(clock);
  const fetches = createUnrefFetches();
  // This client is only for its provider of credentials. The handler is for its calls to STS or
  // SSO.
  const { config } = new SFNClient({ ...settings, ...rereadFiles, requestHandler });
  const fetchCredentials: FetchCredentials = async (options) => {
    if (options?.forceRefresh === true && typeof settings.credentials === 'function') {
      await rereadConfigFiles(settings);
    }
    try {
      return await fetches.run(() => config.credentials(options));
    } catch (error) {
      throw settings.credentials === undefined ? inClearWords(error, settings.profile) : error;
    }
  };
  return {
    source: createCredentialSource(fetchCredentials, clock),
    begin() {
      requestHandler.open();
      fetches.hold();
    },
    end() {
      requestHandler.destroy();
      fetches.letGo();
    },
  };
}

/**
 * The SDK does not check a profile before it reads it. A profile that names an `sso_session` which
 * is not there ends in a TypeError of the SDK's own code. A profile that is not there at all ends in
 * an error that does not name it.
 */
function inClearWords(error: unknown, profile = process.env['AWS_PROFILE']): unknown {
  const words = getProperty(error, 'message');
  if (typeof words !== 'string') return error;
  if (error instanceof TypeError && getProperty(error, 'code') === undefined) {
    const why =
      "The SDK can't read the credentials' settings, a profile that is not complete perhaps";
    return credentialsError(`${why}: ${words}`, error);
  }
  const isAboutProfile = profile !== undefined && profile !== '' && !words.includes(profile);
  return isAboutProfile && errorName(error) === NO_CREDENTIALS
    ? credentialsError(`${words} (profile '${profile}')`, error)
    : error;
}

const NO_CREDENTIALS = 'CredentialsProviderError';

function credentialsError(message: string, cause: unknown): Error {
  return Object.assign(new Error(message, { cause }), { name: NO_CREDENTIALS });
}

/**
 * The SDK remembers the text of its files for the life of the process, even that there was no file.
 * Its chain of providers takes this option from the client's configuration (SharedConfigInit).
 */
const rereadFiles = { ignoreCache: true } as const;

/** For a provider that the user gives, such as `fromIni()`: it reads what the process remembers. */
async function rereadConfigFiles({ profile }: CredentialSettings): Promise<void> {
  const named = profile === undefined ? {} : { profile };
  const { maxAttempts, retryMode } = new SFNClient({ ...named, ...rereadFiles }).config;
  // The SDK looks for retry settings in these files, unless the environment has them.
  const mode = async () => (typeof retryMode === 'function' ? retryMode() : retryMode);
  await Promise.allSettled([maxAttempts(), mode()]);
}

/** With another environment the credentials may be others. */
function awsEnvironment(): string {
  const names = Object.keys(process.env).filter((name) => /^(AWS_|HOME$)/.test(name));
  return JSON.stringify(names.sort().map((name) => [name, process.env[name]]));
}
