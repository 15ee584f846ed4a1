import type { SFNClient, SFNClientConfig } from '@aws-sdk/client-sfn';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../async/clock.js';
import type { CredentialSource } from './credentials.js';
import type { RequestTemplate } from './request-template.js';
import { keepTemplates } from './request-template.js';
import type { OwnRetries } from './retry-strategy.js';
import type { Outcome, ReceivedResponse, Transport } from './transport.js';

/** The part of the SDK's commands that is used here. */
interface Command {
  input: object;
}

/** The result of a first attempt: an output, or a response or error for the SDK to handle. */
export interface FirstAttempt {
  output?: object | undefined;
  outcome: Outcome;
  invocationId: string;
}

export interface FirstAttempts {
  /**
   * Sends a command once, without the SDK's serializer, signer and retries. Resolves to undefined
   * if that can't be done, so that the SDK has to send it. Rejects with an AbortError if the signal
   * aborts.
   */
  send(command: Command, signal: AbortSignal): Promise<FirstAttempt | undefined>;
  /** The SDK goes on from here. If there is an outcome, it counts as the SDK's first attempt. */
  handOver(command: Command, signal: AbortSignal, first: FirstAttempt | undefined): void;
}

interface FirstAttemptParts {
  transport: Transport;
  credentials: CredentialSource;
  retries: OwnRetries;
  clock: Clock;
}

/**
 * Nearly all calls succeed at once. They need neither the SDK's retry loop nor its serializer: they
 * are signed, sent and read here. All others go to the SDK, which makes its errors, corrects its
 * clock and retries. The template is then made again from the SDK's request, so that a wrong one
 * can't last.
 */
export function createFirstAttempts(
  client: SFNClient,
  { logger }: SFNClientConfig,
  { transport, credentials, retries, clock }: FirstAttemptParts,
): FirstAttempts {
  const templates = new Map<unknown, RequestTemplate>();
  const kinds = new WeakMap<object, unknown>();
  const awsTime = createAwsTime(client, clock);

  keepTemplates(client, {
    latestCredentials: () => credentials.latest(),
    // The SDK logs only calls of its own.
    mayKeep: async () =>
      logger === undefined && (await retries.isStandard()) && (await awsTime.mayCorrect()),
    keep: (input, template) => void templates.set(kinds.get(input), template),
  });

  return {
    async send(command, signal) {
      const kind = command.constructor;
      const template = templates.get(kind);
      if (template === undefined) return undefined;
      const signedBy = credentials.current() ?? (await credentials.get().catch(() => undefined));
      if (signedBy === undefined) return undefined;
      const body = Buffer.from(JSON.stringify(command.input));
      const invocationId = randomUUID();
      const headers = template.headersOf(body, invocationId, signedBy, awsTime.now());
      if (headers === undefined) {
        templates.delete(kind);
        return undefined;
      }
      const sentAt = clock.wall();
      try {
        const response = await transport.send(template.origin, '/', headers, body, signal);
        const output = outputOf(response);
        if (output !== undefined) {
          awsTime.set(response, sentAt);
          retries.succeeded();
        } else {
          templates.delete(kind);
        }
        return { output, outcome: { response }, invocationId };
      } catch (error) {
        if (signal.aborted) throw error;
        templates.delete(kind);
        return { outcome: { error }, invocationId };
      }
    },
    handOver(command, signal, first) {
      const { input } = command;
      kinds.set(input, command.constructor);
      const invocationId = first?.invocationId ?? randomUUID();
      transport.begin(input, { signal, invocationId, first: first?.outcome });
    },
  };
}

/**
 * The output that the SDK would make of a response. Undefined if the SDK has to make an error of
 * it.
 */
function outputOf({ statusCode, body }: ReceivedResponse): object | undefined {
  if (statusCode !== 200) return undefined;
  try {
    const output: unknown = JSON.parse(body.toString());
    if (typeof output !== 'object' || output === null) return undefined;
    return Object.assign(output, { $metadata: { httpStatusCode: 200, attempts: 1 } });
  } catch {
    return undefined;
  }
}

/** The SDK takes no date of a response that came later. */
const LONGEST_CALL_MS = 900_000;

/**
 * AWS's time, kept as the SDK does: by the clock offset in the client's configuration, which each
 * response sets.
 */
function createAwsTime({ config }: SFNClient, clock: Clock) {
  let lastDate: unknown;
  return {
    mayCorrect: async () => !(await config.disableClockSkewCorrection()),
    now: () => clock.wall() + config.systemClockOffset,
    set({ headers: { date, age } }: ReceivedResponse, sentAt: number): void {
      // A date changes once a second. An older one comes from a cache, and says nothing.
      if (date === lastDate || typeof date !== 'string' || age !== undefined) return;
      // The response may have waited while the machine was suspended.
      if (clock.wall() - sentAt > LONGEST_CALL_MS) return;
      lastDate = date;
      const time = Date.parse(date);
      if (!Number.isNaN(time)) config.systemClockOffset = time - clock.wall();
    },
  };
}
