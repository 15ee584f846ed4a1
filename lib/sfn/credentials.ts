import type { Clock } from '../async/clock.js';

/** What a request is signed with: as much of the SDK's AwsCredentialIdentity as matters here. */
export interface Credentials {
  readonly accessKeyId: string;
  readonly secretAccessKey: string;
  readonly sessionToken?: string;
  readonly expiration?: Date;
}

/** The SDK's provider of credentials, memoized: asked with `forceRefresh`, it fetches them anew. */
export type FetchCredentials = (options?: { forceRefresh?: boolean }) => Promise<Credentials>;

/** The credentials of one configuration, shared by all clients that have it. */
export interface CredentialSource {
  /** Resolves to credentials that AWS has not refused, as far as is known. Rejects as the SDK's provider does. */
  get(): Promise<Credentials>;
  /** The same, if it is at hand and good for some time to come. */
  current(): Credentials | undefined;
  /** The last ones that there were, good or not. */
  latest(): Credentials | undefined;
  /** AWS has refused a call that was signed with these: they are to be fetched anew. */
  refused(credentials: Credentials): void;
}

/** AWS may go on refusing: fetching more often than this would only burden who gives credentials. */
const MIN_REFETCH_MS = 10_000;
/** The SDK itself renews what has less than this to live. */
const RENEW_BEFORE_MS = 300_000;

/**
 * Credentials that are fetched anew once AWS has refused them: files, processes and metadata services
 * may have others by then, and the SDK asks again only for those whose expiry it knows. At most once
 * in 10 s, and never twice at a time.
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
      // A late refusal of older ones says nothing of those that came since.
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
