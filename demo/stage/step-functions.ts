/** The demo's two activities, by what they do. */
export type Job = 'split' | 'sum';

/** How an execution ended: the fields of DescribeExecution. */
export interface Outcome {
  status: 'SUCCEEDED' | 'FAILED' | 'TIMED_OUT' | 'ABORTED';
  /** JSON text, where it succeeded. */
  output?: string | undefined;
  error?: string | undefined;
  cause?: string | undefined;
}

/** Step Functions as the demo needs it: the fake one, or AWS. */
export interface StepFunctions {
  /** What it is, in a line. */
  description: string;
  activityNames: Record<Job, string>;
  /** To be called once the activities exist: their ARNs. */
  prepare(activityArns: Record<Job, string>): Promise<void>;
  /** Runs one execution: `split`, then `sum` for every piece. An abort stops it. */
  execute(input: unknown, signal: AbortSignal): Promise<Outcome>;
  /** Removes what the demo has created, these activities too. To be called once nothing polls any more. */
  cleanUp(activityArns: readonly string[]): Promise<void>;
}

/** Something the person at the terminal has to do first. The message says what. */
export class NotReady extends Error {}
