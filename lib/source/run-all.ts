import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import { checkSignal, checkStopOptions } from './check-arguments.js';
import type { StepFuncSource } from './handle.js';
import type { StopOptions, StopSummary } from './stop.js';

/**
 * Runs several sources in one process: starts all at once, waits until `signal` aborts, and stops
 * all with these options. A source that is stopped by its own `stop` leaves the others running.
 *
 * @returns One summary per source, in the order of `sources`.
 * @throws TypeError, as a rejection, if `sources` is no list of sources or has one twice, or if `signal`
 * or `options` is wrong.
 * @throws ActivityError, as a rejection, if a source can't start. The others are stopped before.
 * @example
 * ```ts
 * await runAll([source, another], terminationSignal(), { graceMs: 110_000 });
 * ```
 */
export async function runAll(
  sources: readonly StepFuncSource[],
  signal: AbortSignal,
  options?: StopOptions,
): Promise<StopSummary[]> {
  checkSources(sources);
  checkSignal('runAll', signal);
  checkStopOptions('runAll', options);

  const stopping = new AbortController();
  const stop = () => stopping.abort();
  const failures: unknown[] = [];
  const runOne = async (source: StepFuncSource): Promise<StopSummary | undefined> => {
    try {
      return await source.run(stopping.signal, options);
    } catch (error) {
      // Its own `stop` was called while it was starting, which is no failed start.
      if (getProperty(error, 'name') === 'AbortError') return source.stop(options);
      failures.push(error);
      stop();
      return undefined;
    }
  };

  signal.addEventListener('abort', stop);
  if (signal.aborted) stop();
  try {
    const summaries = await Promise.all(sources.map(runOne));
    if (failures.length > 0) throw failures[0];
    return summaries.filter((summary) => summary !== undefined);
  } finally {
    signal.removeEventListener('abort', stop);
  }
}

function checkSources(sources: unknown): void {
  if (!Array.isArray(sources) || sources.length === 0) {
    throw new TypeError(
      `runAll: expected sources to be a list of at least one source, got ${
        Array.isArray(sources) ? 'an empty one' : formatValue(sources)
      }`,
    );
  }
  for (const [i, source] of sources.entries()) {
    const before = sources.indexOf(source);
    if (isSource(source) && before === i) continue;
    if (isSource(source)) {
      throw new TypeError(
        `runAll: expected each source once, got sources[${before}] again as sources[${i}]`,
      );
    }
    throw new TypeError(
      `runAll: expected sources[${i}] to be what createStepFuncSource returned, got ${formatValue(source)}`,
    );
  }
}

function isSource(source: unknown): boolean {
  return ['run', 'stop'].every((name) => typeof getProperty(source, name) === 'function');
}
