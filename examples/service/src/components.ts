import { readFile } from 'node:fs/promises';
import type { StepFuncSourceConfig } from 'stepfunc-source';
import { parse } from 'yaml';

/** A Step Functions event source of a component. */
export interface EventSource {
  component: string;
  /** Its key under `eventsources`. */
  name: string;
  config: StepFuncSourceConfig;
}

/**
 * The `awsstepfunc` event sources of a components file:
 *
 *     components:
 *       mywebapp:
 *         eventsources:
 *           sum:
 *             awsstepfunc: { activityname: sum, path: /step/sum, maxconcurrency: 10 }
 *
 * Other kinds of event sources, and other keys of a component, are none of this service's business.
 */
export async function readEventSources(file: string): Promise<EventSource[]> {
  const document = asObject(parse(await readFile(file, 'utf8')), file);
  const components = Object.entries(asObject(document['components'], `${file}: components`));
  const eventSources = components.flatMap(([component, body]) =>
    Object.entries(asObject(asObject(body, component)['eventsources'] ?? {}, component)).flatMap(
      ([name, kinds]) => {
        const where = `${file}: ${component}.eventsources.${name}`;
        const properties = asObject(kinds, where)['awsstepfunc'];
        if (properties === undefined) return [];
        return [{ component, name, config: toConfig(asObject(properties, where)) }];
      },
    ),
  );
  if (eventSources.length > 0) return eventSources;
  throw new Error(`${file} has no event source of the kind awsstepfunc`);
}

/** The config's keys, which the file has in lower case. The compiler wants each of them here. */
const keys = Object.keys({
  activityName: true,
  activityArn: true,
  path: true,
  maxConcurrency: true,
  concurrencyPerPoller: true,
  invokeTimeoutMs: true,
  heartbeatIntervalMs: true,
  workerName: true,
  startTimeoutMs: true,
  onComponentDown: true,
  lockTtlMs: true,
  maxPollersPerInstance: true,
  onLeaseLost: true,
} satisfies Record<keyof StepFuncSourceConfig, true>);

/** A key that nobody knows stays as it is: the source refuses it, and says which was meant. */
function toConfig(properties: Record<string, unknown>): StepFuncSourceConfig {
  const entries = Object.entries(properties).map(([property, value]) => [
    keys.find((key) => key.toLowerCase() === property) ?? property,
    value,
  ]);
  return Object.fromEntries(entries) as StepFuncSourceConfig;
}

function asObject(value: unknown, where: string): Record<string, unknown> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    return value as Record<string, unknown>;
  }
  throw new Error(`${where} must be a map`);
}
