import type { PollerStatus, StepFuncSource } from 'stepfunc-source';
import type { Job } from './step-functions.js';

export interface Executions {
  started: number;
  ended: number;
}

/**
 * Shows how the work goes on until the returned function is called. On a terminal, lines are drawn
 * again and again; elsewhere there is a line a second.
 */
export function showProgress(
  sources: Record<Job, StepFuncSource>,
  executions: Executions,
): () => void {
  const startedAt = performance.now();
  const { stdout } = process;
  const trouble = watchTrouble(sources);
  const lines = () => [
    sourceLine('split', sources.split),
    sourceLine('sum', sources.sum),
    `executions  ${bar(executions.ended, executions.started)}  ${executions.ended} of ${executions.started} ended`,
    ...trouble(),
  ];

  let drawn = 0;
  function draw(): void {
    const back = drawn === 0 ? '' : `\u001b[${drawn}A`;
    const text = lines().map((line) => `\u001b[2K  ${line}\n`);
    stdout.write(back + text.join(''));
    drawn = text.length;
  }
  function print(): void {
    const seconds = ((performance.now() - startedAt) / 1_000).toFixed(0);
    console.log(`  ${seconds.padStart(3)} s  ${lines().join('   ')}`);
  }

  const show = stdout.isTTY ? draw : print;
  show();
  const timer = setInterval(show, stdout.isTTY ? 100 : 1_000);
  return () => {
    clearInterval(timer);
    show();
  };
}

function sourceLine(job: Job, source: StepFuncSource): string {
  const { pollers, succeeded, failed } = source.status();
  const slots = pollersText(pollers);
  return `${job.padEnd(10)}  ${slots}  ${count(succeeded)} done ${count(failed)} failed`;
}

/** `[##...]`: a poller with two tasks and three free slots. */
export function pollersText(pollers: readonly PollerStatus[]): string {
  return pollers.map(({ tasks, concurrency }) => bar(tasks, concurrency)).join(' ');
}

/** What goes wrong between the sources and Step Functions: on AWS, a permission that is missing. */
function watchTrouble(sources: Record<Job, StepFuncSource>): () => string[] {
  let last: string | undefined;
  for (const source of Object.values(sources)) {
    source.on('pollFailed', ({ error }) => (last = `a poll failed with ${error}`));
    source.on('reportFailed', ({ error }) => (last = `a report failed with ${error}`));
  }
  return () => (last === undefined ? [] : [`trouble     ${last}`]);
}

function bar(filled: number, of: number): string {
  return `[${'#'.repeat(filled)}${'.'.repeat(of - filled)}]`;
}

function count(number: number): string {
  return String(number).padStart(2);
}
