import { after } from './fake-timer.js';

/** How a task ended, as its state in an execution would see it. */
export type TaskOutcome =
  /** SendTaskSuccess: `output` is the JSON text that was reported, byte for byte. */
  | { status: 'SUCCEEDED'; output: string }
  /** SendTaskFailure: `error` and `cause` are absent where the report had none. */
  | { status: 'FAILED'; error?: string; cause?: string }
  /** TimeoutSeconds or HeartbeatSeconds ran out, counted from when the task was handed out. */
  | { status: 'TIMED_OUT'; error: 'States.Timeout' | 'States.HeartbeatTimeout' }
  /** The signal given to `runTask` aborted: StopExecution. */
  | { status: 'ABORTED' };

/** The clocks of a task. Seconds, as in the Amazon States Language, but fractions are welcome. */
export interface TaskClocks {
  /**
   * TimeoutSeconds of the state, in seconds. AWS's default is a year.
   *
   * @default none
   */
  timeoutSeconds?: number | undefined;
  /**
   * HeartbeatSeconds of the state: the longest time without a heartbeat, in seconds.
   *
   * @default none
   */
  heartbeatSeconds?: number | undefined;
}

/**
 * One task: queued, then handed out (running), then closed, once. The clocks run while it runs, and
 * a closed task leaves no timer.
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

  /** Starts the clocks. */
  handOut(): void {
    const { timeoutSeconds } = this.#clocks;
    if (timeoutSeconds !== undefined) {
      this.#cancelTimeout = after(timeoutSeconds * 1_000, () =>
        this.close({ status: 'TIMED_OUT', error: 'States.Timeout' }),
      );
    }
    this.heartbeat();
  }

  /** Starts the heartbeat's clock anew. */
  heartbeat(): void {
    const { heartbeatSeconds } = this.#clocks;
    if (heartbeatSeconds === undefined) return;
    this.#cancelHeartbeat?.();
    this.#cancelHeartbeat = after(heartbeatSeconds * 1_000, () =>
      this.close({ status: 'TIMED_OUT', error: 'States.HeartbeatTimeout' }),
    );
  }

  /** Ends the task. No effect on one that has ended. */
  close(outcome: TaskOutcome): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#cancelTimeout?.();
    this.#cancelHeartbeat?.();
    this.#settle(outcome);
  }
}
