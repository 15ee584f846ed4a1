import type { SFNClient } from '@aws-sdk/client-sfn';
import { randomUUID } from 'node:crypto';
import type { Clock } from '../async/clock.js';
import type { CredentialSource } from './credentials.js';
import type { RequestTemplate } from './request-template.js';
import { keepTemplates } from './request-template.js';
import type { OwnRetries } from './retry-strategy.js';
import type { Outcome, ReceivedResponse, Transport } from './transport.js';

/** As much of the SDK's commands as is needed. */
interface Command {
  input: object;
}

/** What came of a first attempt: an output, or an outcome for the SDK to judge. */
export interface FirstAttempt {
  output?: object | undefined;
  outcome: Outcome;
  invocationId: string;
}

export interface FirstAttempts {
  /**
   * Sends a command once, past the SDK's serializer, signer and retries. Resolves to undefined if that
   * can't be: the SDK is to send it. Rejects with an AbortError if the signal aborts.
   */
  send(command: Command, signal: AbortSignal): Promise<FirstAttempt | undefined>;
  /** The SDK goes on from here: it gets the outcome, if there is one, as that of its own first attempt. */
  handOver(command: Command, signal: AbortSignal, first: FirstAttempt | undefined): void;
}

/**
 * Calls that succeed at once, as nearly all do, need neither the SDK's retry loop nor its serializer:
 * they are signed, sent and read. Whatever does not succeed goes to the SDK, which makes its errors,
 * corrects its clock and retries. A template is then taken anew from what the SDK made, so that none
 * can be wrong for good.
 */
export function createFirstAttempts(
  client: SFNClient,
  transport: Transport,
  credentials: CredentialSource,
  retries: OwnRetries,
  clock: Clock,
): FirstAttempts {
  const templates = new Map<unknown, RequestTemplate>();
  const kinds = new WeakMap<object, unknown>();
  const awsTime = createAwsTime(client, clock);

  keepTemplates(client, {
    latestCredentials: () => credentials.latest(),
    mayKeep: async () => (await retries.isStandard()) && (await awsTime.mayCorrect()),
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
      try {
        const response = await transport.send(template.origin, '/', headers, body, signal);
        const output = outputOf(response);
        if (output !== undefined) {
          awsTime.set(response);
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

/** The output that the SDK would make of a response; undefined if the SDK has to say what is wrong with it. */
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

/** AWS's time as the SDK keeps it: its clock's offset in the client's configuration, set by each response. */
function createAwsTime({ config }: SFNClient, clock: Clock) {
  let lastDate: unknown;
  return {
    mayCorrect: async () => !(await config.disableClockSkewCorrection()),
    now: () => clock.wall() + config.systemClockOffset,
    set({ headers: { date, age } }: ReceivedResponse): void {
      // It changes once a second, and an older one, out of a cache, tells nothing.
      if (date === lastDate || typeof date !== 'string' || age !== undefined) return;
      lastDate = date;
      const time = Date.parse(date);
      if (!Number.isNaN(time)) config.systemClockOffset = time - clock.wall();
    },
  };
}
