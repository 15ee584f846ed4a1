import { after } from './fake-timer.js';

/** How a task ended, as its state in an execution would see it. */
export type TaskOutcome =
  /** SendTaskSuccess: `output` is the JSON text of the report, byte for byte. */
  | { status: 'SUCCEEDED'; output: string }
  /** SendTaskFailure: `error` and `cause` are absent if the report had none. */
  | { status: 'FAILED'; error?: string; cause?: string }
  /** TimeoutSeconds or HeartbeatSeconds have passed since a poll took the task. */
  | { status: 'TIMED_OUT'; error: 'States.Timeout' | 'States.HeartbeatTimeout' }
  /** The signal of `runTask` aborted: StopExecution. */
  | { status: 'ABORTED' };

/** The time limits of a task. Seconds, as in the Amazon States Language, but fractions may be given. */
export interface TaskClocks {
  /**
   * TimeoutSeconds of the state, in seconds: a number above 0. Without it, the only limit at AWS is the
   * year that an execution may take.
   *
   * @default none
   * @see {@link https://docs.aws.amazon.com/step-functions/latest/dg/service-quotas.html}
   */
  timeoutSeconds?: number | undefined;
  /**
   * HeartbeatSeconds of the state, the longest time without a heartbeat, in seconds: a number above 0.
   *
   * @default none
   */
  heartbeatSeconds?: number | undefined;
}

/**
 * One task. It is queued, then handed out (running), then closed, once. Its time limits count while it
 * runs, and a closed task leaves no timer.
 */
export class Task {
  readonly outcome: Promise<TaskOutcome>;
  readonly #settle: (outcome: TaskOutcome) => void;
  readonly #clocks: TaskClocks;
  #closed = false;
  #cancelTimeout: (() => void) | undefined;
  #cancelHeartbeat: (() => void) | undefined;

  constructor(
    readonly input: string,
    clocks: TaskClocks,
  ) {
    this.#clocks = clocks;
    let settle: ((outcome: TaskOutcome) => void) | undefined;
    this.outcome = new Promise((resolve) => (settle = resolve));
    this.#settle = (outcome) => settle?.(outcome);
  }

  get closed(): boolean {
    return this.#closed;
  }

  /** Starts the time limits. */
  handOut(): void {
    const { timeoutSeconds } = this.#clocks;
    if (timeoutSeconds !== undefined) {
      this.#cancelTimeout = after(timeoutSeconds * 1_000, () =>
        this.close({ status: 'TIMED_OUT', error: 'States.Timeout' }),
      );
    }
    this.heartbeat();
  }

  /** Starts the heartbeat's time limit again. */
  heartbeat(): void {
    const { heartbeatSeconds } = this.#clocks;
    if (heartbeatSeconds === undefined) return;
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = after(heartbeatSeconds * 1_000, () =>
      this.close({ status: 'TIMED_OUT', error: 'States.HeartbeatTimeout' }),
    );
  }

  /** Ends the task. If it has ended already, nothing happens. */
  close(outcome: TaskOutcome): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimeout?.();
    this.#cancelHeartbeat?.();
    this.#settle(outcome);
  }
}
