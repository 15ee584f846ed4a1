import { SFNClient } from '@aws-sdk/client-sfn';
import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Clock } from '../async/clock.js';
import type { CredentialSource, FetchCredentials } from './credentials.js';
import { createCredentialSource } from './credentials.js';
import { createRequestHandler } from './request-handler.js';

/** What decides which credentials a client has. */
export type CredentialSettings = Pick<SFNClientConfig, 'region' | 'profile' | 'credentials'>;

export interface SharedCredentials extends CredentialSource {
  /** To be called once by whoever no longer needs them: with the last one, calls under way are ended. */
  release(): void;
}

interface Entry {
  settings: CredentialSettings;
  environment: string;
  clock: Clock;
  source: CredentialSource;
  users: number;
  end(): void;
}

/** The oldest are forgotten: a process that changes its environment again and again must not grow. */
const MAX_ENTRIES = 32;
const entries: Entry[] = [];

/**
 * The credentials of these settings, as the SDK finds them: one source for the whole process, or ten
 * sources would ask STS or IMDS twenty times at one moment.
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

function createSource(settings: CredentialSettings, clock: Clock): Pick<Entry, 'source' | 'end'> {
  const requestHandler = createRequestHandler(clock);
  // For its provider of credentials alone. What that gets from STS or SSO, it gets by this handler.
  const { config } = new SFNClient({ ...settings, ...rereadFiles, requestHandler });
  const fetchCredentials: FetchCredentials = async (options) => {
    if (options?.forceRefresh === true && typeof settings.credentials === 'function') {
      await rereadConfigFiles(settings);
    }
    return config.credentials(options);
  };
  return {
    source: createCredentialSource(fetchCredentials, clock),
    end: () => requestHandler.destroy(),
  };
}

/**
 * The SDK remembers the text of its files for the life of the process, also that there was none. Its
 * chain of providers takes this option from the client's configuration (SharedConfigInit).
 */
const rereadFiles = { ignoreCache: true } as const;

/** For a provider of the user's, such as `fromIni()`: it reads what the process remembers. */
async function rereadConfigFiles({ profile }: CredentialSettings): Promise<void> {
  const named = profile === undefined ? {} : { profile };
  const { maxAttempts, retryMode } = new SFNClient({ ...named, ...rereadFiles }).config;
  // Settings of retries are looked for in these files, unless the environment has them: one or the other.
  const mode = async () => (typeof retryMode === 'function' ? retryMode() : retryMode);
  await Promise.allSettled([maxAttempts(), mode()]);
}

/** Another environment may mean other credentials. */
function awsEnvironment(): string {
  const names = Object.keys(process.env).filter((name) => /^(AWS_|HOME$)/.test(name));
  return JSON.stringify(names.sort().map((name) => [name, process.env[name]]));
}
