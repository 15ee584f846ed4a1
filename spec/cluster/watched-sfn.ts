import type { SfnOperation } from '../../lib/sfn/api.js';
import type { Reply } from '../../lib/testing/reply.js';
import { FakeSfn } from '../../lib/testing/index.js';
import type { FakeSfnOptions } from '../../lib/testing/index.js';
import { nowMs } from './clock.js';
import type { HandOut, Trace } from './trace.js';

/** A Step Functions that writes down which instance was handed what, and when that was closed. */
export class WatchedSfn extends FakeSfn {
  readonly #trace: Trace;
  readonly #open = new Map<unknown, HandOut>();

  constructor(trace: Trace, options: FakeSfnOptions) {
    super(options);
    this.#trace = trace;
  }

  override async reply(operation: SfnOperation, signal: AbortSignal): Promise<Reply> {
    const { name, input } = operation;
    if (name === 'GetActivityTask') {
      this.#trace.polls.push({ at: nowMs(), instance: String(input['workerName']) });
    }
    const reply = await super.reply(operation, signal);
    if (reply.kind !== 'answer') return reply;
    if (name === 'GetActivityTask') this.#handedOut(input, reply.body);
    else if (name !== 'CreateActivity') this.#reported(input);
    return reply;
  }

  #handedOut(input: SfnOperation['input'], body: Record<string, unknown>): void {
    const { taskToken } = body;
    if (typeof taskToken !== 'string') return;
    const { id } = JSON.parse(String(body['input'])) as { id: string };
    const instance = String(input['workerName']);
    const handOut: HandOut = { instance, id, handedOutAt: nowMs() };
    this.#trace.handOuts.push(handOut);
    this.#open.set(taskToken, handOut);
  }

  #reported({ taskToken, error }: SfnOperation['input']): void {
    const handOut = this.#open.get(taskToken);
    if (handOut === undefined) return;
    this.#open.delete(taskToken);
    handOut.closedAt = nowMs();
    if (typeof error === 'string') handOut.error = error;
  }
}
