import { SFNClient } from '@aws-sdk/client-sfn';
import { Agent } from '../net/undici.js';
import type { SfnClient, SfnClients } from './api.js';
import { memoizeSigner, reuseFirstRequest } from './request-template.js';
import { createTransport } from './transport.js';

/** Answers later than these are none, so that a server which hangs is met with a retry. */
const POLL_ANSWER_MS = 75_000;
const REPORT_ANSWER_MS = 10_000;

export interface DefaultClients extends SfnClients {
  /** Closes every socket. */
  destroy(): void;
}

/**
 * The SDK's clients for who brings none: endpoint, region and credentials from the SDK's usual
 * places, and as many sockets as there are calls at a time.
 */
export function defaultClients(): DefaultClients {
  const poll = createClient(POLL_ANSWER_MS, { maxAttempts: 1 });
  const report = createClient(REPORT_ANSWER_MS, {});
  return {
    poll,
    report,
    destroy() {
      poll.destroy();
      report.destroy();
    },
  };
}

/**
 * An SFNClient that does once what need not be done for every call. What each of the shortcuts saves:
 * docs/performance.md.
 */
function createClient(
  answerMs: number,
  options: { maxAttempts?: number },
): SfnClient & { destroy(): void } {
  // undici's Agent opens a socket for every request that finds none idle, without a limit.
  const agent = new Agent({ headersTimeout: answerMs, bodyTimeout: answerMs });
  const transport = createTransport(agent);
  const client = new SFNClient({ ...options, cacheMiddleware: true });
  memoizeSigner(client);
  reuseFirstRequest(client);
  transport.addTo(client);
  return {
    send(command, { abortSignal } = {}) {
      const sent = command as Parameters<typeof client.send>[0];
      if (abortSignal !== undefined) transport.setAbortSignal(sent.input, abortSignal);
      return client.send(sent);
    },
    destroy() {
      void agent.destroy();
      client.destroy();
    },
  };
}
