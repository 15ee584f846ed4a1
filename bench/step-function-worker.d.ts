/** What the bench uses of it; the package brings no types. */
declare module 'step-function-worker' {
  interface Logger {
    debug(message: string): void;
    info(message: string): void;
    warn(message: string): void;
    error(message: string): void;
  }

  interface Options {
    activityArn: string;
    workerName: string;
    concurrency: number;
    fn(input: unknown, done: (error: unknown, output?: unknown) => void): void;
    awsConfig: object;
    logger: Logger;
  }

  export default class StepFunctionWorker {
    constructor(options: Options);
    close(closed: () => void): void;
  }
}
