import type { Clock } from '../async/clock.js';

/** The part of the SDK's AwsCredentialIdentity that signs a request. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** The SDK's provider of credentials, memoized. With `forceRefresh` it fetches them again. */
export type FetchCredentials = (options?: { forceRefresh?: boolean }) => Promise<Credentials>;

/** The credentials of one configuration, shared by all clients that have it. */
export interface CredentialSource {
  /** Resolves to credentials that AWS has not refused yet. Rejects as the SDK's provider does. */
  get(): Promise<Credentials>;
  /** The same, if they are known and valid for some time to come. */
  current(): Credentials | undefined;
  /** The last credentials, valid or not. */
  latest(): Credentials | undefined;
  /** AWS has refused these credentials: they are to be fetched again. */
  refused(credentials: Credentials): void;
}

/** AWS may refuse the new ones too. Fetching them more often would only burden their source. */
const MIN_REFETCH_MS = 10_000;
/** The SDK itself renews credentials that are valid for less than this. */
const RENEW_BEFORE_MS = 300_000;

/**
 * Fetches credentials again when AWS has refused them: files, processes and metadata services may
 * have new ones. The SDK itself does so only for credentials whose expiry it knows. It fetches at
 * most once in 10 s, and never twice at a time.
 */
export function createCredentialSource(
  fetchCredentials: FetchCredentials,
  clock: Clock,
): CredentialSource {
  let known: Credentials | undefined;
  let isRefused = false;
  let refetchedAt = -Infinity;
  let refetching: Promise<Credentials> | undefined;

  const mustRefetch = () => isRefused && clock.monotonic() - refetchedAt >= MIN_REFETCH_MS;

  async function refetch(): Promise<Credentials> {
    refetchedAt = clock.monotonic();
    try {
      known = await fetchCredentials({ forceRefresh: true });
      isRefused = false;
      return known;
    } finally {
      refetching = undefined;
    }
  }

  return {
    async get() {
      if (refetching !== undefined || mustRefetch()) return (refetching ??= refetch());
      return (known = await fetchCredentials());
    },
    current: () =>
      known === undefined ||
      refetching !== undefined ||
      mustRefetch() ||
      expiresSoon(known, clock.wall())
        ? undefined
        : known,
    latest: () => known,
    refused(credentials) {
      // A late refusal of older credentials says nothing of the newer ones.
      if (known !== undefined && isSame(credentials, known)) isRefused = true;
    },
  };
}

function expiresSoon({ expiration }: Credentials, now: number): boolean {
  return expiration !== undefined && expiration.getTime() - now < RENEW_BEFORE_MS;
}

function isSame(one: Credentials, other: Credentials): boolean {
  return (
    one.accessKeyId === other.accessKeyId &&
    one.secretAccessKey === other.secretAccessKey &&
    one.sessionToken === other.sessionToken
  );
}
