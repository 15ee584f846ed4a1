import { SFNClient } from '@aws-sdk/client-sfn';
import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Clock } from '../async/clock.js';
import type { Connections } from '../net/connections.js';
import type { SfnClient, SfnClients } from './api.js';
import { attemptTimeoutMs } from './call-timeout.js';
import type { ClientConfig } from './client-config.js';
import { isCredentialsError } from './errors.js';
import { createFirstAttempts } from './first-attempt.js';
import { useOwnRetries } from './retry-strategy.js';
import { connectionsFor } from './route.js';
import type { SharedCredentials } from './shared-credentials.js';
import { requireRegion } from './prepare-client.js';
import { shareCredentials } from './shared-credentials.js';
import { createTransport } from './transport.js';

export interface OwnClients extends SfnClients {
  /** Resolves when region and credentials are known. Rejects as the SDK does if they are not. */
  prepare(): Promise<void>;
  /** Closes every socket, and ends all waits of the SDK. */
  destroy(): void;
}

/**
 * Makes the source's own SDK clients, with as many sockets as there are calls at a time. Region,
 * credentials and endpoint come from `config`, else from where the SDK looks. If neither has a
 * region, `arnRegion` counts.
 */
export function createClients(
  clock: Clock,
  config: ClientConfig = {},
  arnRegion?: string,
  connections = connectionsFor(),
): OwnClients {
  const { maxAttempts, retryStrategy, retryMode, ...common } = config;
  const settings = { ...common, ...regionOf(config, arnRegion) };
  const credentials = shareCredentials(settings, clock);
  const withProvider = { ...settings, credentials: providerOf(credentials) };
  const poll = createClient(
    // A poll is never sent again: the response that was cut off may have had a task.
    { ...withProvider, maxAttempts: 1, retryMode: 'standard' },
    { connections, credentials, attemptMs: undefined, clock },
  );
  const report = createClient(
    { ...withProvider, ...definedOnly({ maxAttempts, retryStrategy, retryMode }) },
    { connections, credentials, attemptMs: attemptTimeoutMs, clock },
  );
  return {
    poll,
    report,
    async prepare() {
      await requireRegion(report.region);
      await credentials.get();
    },
    destroy() {
      connections.destroy();
      poll.destroy();
      report.destroy();
      credentials.release();
    },
  };
}

interface ClientParts {
  connections: Connections;
  credentials: SharedCredentials;
  /** Undefined: the caller limits the time, as the poller does. */
  attemptMs: ((bodyBytes: number) => number) | undefined;
  clock: Clock;
}

interface OwnClient extends SfnClient {
  region(): Promise<string>;
  destroy(): void;
}

/**
 * An SFNClient that does some steps once, and not for every call. docs/performance.md says what
 * each of them saves.
 */
function createClient(
  config: SFNClientConfig,
  { connections, credentials, attemptMs, clock }: ClientParts,
): OwnClient {
  const client = new SFNClient(config);
  const transport = createTransport(connections, attemptMs, clock);
  transport.addTo(client);
  const retries = useOwnRetries(client, config, clock);
  const firstAttempts = createFirstAttempts(client, config, {
    transport,
    credentials,
    retries,
    clock,
  });

  return {
    async send(command, { abortSignal } = {}) {
      const sent = command as Parameters<typeof client.send>[0];
      const signal = abortSignal ?? neverAborted();
      const first = await firstAttempts.send(sent, signal);
      if (first?.output !== undefined) return first.output;
      const used = credentials.latest();
      firstAttempts.handOver(sent, signal, first);
      try {
        return await client.send(sent, { abortSignal: signal });
      } catch (error) {
        const refused = used ?? credentials.latest();
        if (refused !== undefined && isCredentialsError(error)) credentials.refused(refused);
        throw error;
      }
    },
    region: () => client.config.region(),
    destroy() {
      retries.end();
      client.destroy();
    },
  };
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

/**
 * With this mark the SDK uses a provider as it is. Otherwise the SDK would remember credentials
 * that were refused.
 */
function providerOf(credentials: SharedCredentials) {
  return Object.assign(() => credentials.get(), { memoized: true });
}

/** The region of the activity's ARN, if neither the configuration nor the environment has one. */
function regionOf(
  config: ClientConfig,
  arnRegion: string | undefined,
): Pick<ClientConfig, 'region'> {
  if (config.region !== undefined || arnRegion === undefined) return {};
  const { region } = new SFNClient(definedOnly({ profile: config.profile })).config;
  return { region: () => region().catch(() => arnRegion) };
}

/** Without the keys whose value is undefined: the SDK would take undefined as a value. */
function definedOnly<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  const entries = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as { [K in keyof T]?: Exclude<T[K], undefined> };
}
