import { ServiceError } from './service-error.js';
import type { Reply } from './reply.js';
import type { Input } from './validation.js';

/** The five calls that the test kit answers. */
export type OperationName =
  | 'CreateActivity'
  | 'GetActivityTask'
  | 'SendTaskSuccess'
  | 'SendTaskFailure'
  | 'SendTaskHeartbeat';

/** Which calls meet a fault. */
export interface FaultScope {
  /**
   * The operation, or several.
   *
   * @default all five
   */
  operation?: OperationName | readonly OperationName[] | undefined;
  /**
   * How many calls meet it: a whole number from 1, or Infinity.
   *
   * @default 1
   */
  times?: number | undefined;
  /**
   * Decides by a call's input whether the call meets the fault.
   *
   * @default every call does
   */
  when?: ((input: Readonly<Record<string, unknown>>) => boolean) | undefined;
}

/**
 * What goes wrong.
 *
 * - `throttling`: ThrottlingException, status 400. Nothing was done.
 * - `serverError`: InternalFailure with status 500, or ServiceUnavailable with `status: 503`. Nothing was done.
 * - `html502`: a load balancer's page instead of JSON. The SDK makes it a SyntaxError.
 * - `empty500`: status 500 without a body. The SDK names the error `Unknown`.
 * - `reset`: the connection is reset before the call has any effect.
 * - `lostAnswer`: the call has its effect, then the connection is reset. A poll loses its task.
 * - `hang`: no response until the caller aborts.
 * - `latency`: the call is handled `ms` milliseconds later. Combines with any other fault.
 * - `error`: any AWS error by its name, with `status` 400 by default.
 */
export type Fault = FaultScope &
  (
    | { kind: 'throttling' | 'html502' | 'empty500' | 'reset' | 'lostAnswer' | 'hang' }
    | { kind: 'serverError'; status?: number | undefined }
    | { kind: 'latency'; ms: number }
    | { kind: 'error'; name: string; message?: string | undefined; status?: number | undefined }
  );

/** The faults' names. */
export type FaultKind = Fault['kind'];

/** All faults of one call together. */
export interface Disturbance {
  latencyMs: number;
  /** The reply that takes the place of the call's own. */
  reply?: Reply;
  hang: boolean;
  loseAnswer: boolean;
}

interface Entry {
  fault: Fault;
  left: number;
}

/** The faults that are set, oldest first. */
export class Faults {
  readonly #entries = new Set<Entry>();

  /**
   * Sets a fault.
   *
   * @returns A function that removes it.
   * @throws TypeError if it makes no sense.
   */
  add(fault: Fault): () => void {
    check(fault);
    const entry: Entry = { fault, left: fault.times ?? 1 };
    this.#entries.add(entry);
    return () => void this.#entries.delete(entry);
  }

  /** Takes every latency that fits, and the oldest of the other faults that fit. */
  take(operation: OperationName, input: Input): Disturbance | undefined {
    if (this.#entries.size === 0) return undefined;
    const disturbance: Disturbance = { latencyMs: 0, hang: false, loseAnswer: false };
    let broken = false;
    for (const entry of this.#entries) {
      const { fault } = entry;
      if ((broken && fault.kind !== 'latency') || !befalls(fault, operation, input)) continue;
      entry.left -= 1;
      if (entry.left <= 0) this.#entries.delete(entry);
      if (fault.kind === 'latency') {
        disturbance.latencyMs += fault.ms;
      } else {
        broken = true;
        disturb(disturbance, fault);
      }
    }
    return disturbance;
  }
}

function befalls({ operation, when }: Fault, called: OperationName, input: Input): boolean {
  const here =
    operation === undefined ||
    (typeof operation === 'string' ? operation === called : operation.includes(called));
  return here && (when === undefined || when(input));
}

function disturb(disturbance: Disturbance, fault: Exclude<Fault, { kind: 'latency' }>): void {
  switch (fault.kind) {
    case 'hang':
      disturbance.hang = true;
      return;
    case 'lostAnswer':
      disturbance.loseAnswer = true;
      return;
    case 'throttling':
      disturbance.reply = error('ThrottlingException', 'Rate exceeded');
      return;
    case 'serverError':
      disturbance.reply = error(
        fault.status === 503 ? 'ServiceUnavailable' : 'InternalFailure',
        'The request failed because of a failure of the server',
        fault.status ?? 500,
      );
      return;
    case 'error':
      disturbance.reply = error(fault.name, fault.message ?? 'A fault on demand', fault.status);
      return;
    default:
      disturbance.reply = { kind: fault.kind };
  }
}

function error(name: string, message: string, status?: number): Reply {
  return { kind: 'error', error: new ServiceError(name, message, status) };
}

const kinds: Record<FaultKind, true> = {
  throttling: true,
  serverError: true,
  html502: true,
  empty500: true,
  reset: true,
  lostAnswer: true,
  hang: true,
  latency: true,
  error: true,
};

// For tests in JavaScript: if a misspelt fault were ignored, the test would pass for no reason.
function check(fault: Fault): void {
  if (!Object.hasOwn(kinds, fault.kind)) {
    const known = Object.keys(kinds).join(', ');
    throw new TypeError(`fault.kind: expected one of ${known}; got ${JSON.stringify(fault.kind)}`);
  }
  const { times = 1 } = fault;
  if (times !== Infinity && !(Number.isInteger(times) && times >= 1)) {
    throw new TypeError(`fault.times: expected a whole number >= 1 or Infinity; got ${times}`);
  }
  if (fault.kind === 'latency' && !(fault.ms >= 0)) {
    throw new TypeError(`fault.ms: expected milliseconds >= 0; got ${fault.ms}`);
  }
  if (fault.kind === 'error' && !fault.name) {
    throw new TypeError(
      `fault.name: expected the name of an AWS error; got ${JSON.stringify(fault.name)}`,
    );
  }
}
