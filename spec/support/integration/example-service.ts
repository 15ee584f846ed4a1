import { fileURLToPath } from 'node:url';
import { expect } from 'vitest';
import { compiledOf } from '../compiled.js';
import { awsEnvironment } from './aws-environment.js';
import type { Process } from './process.js';
import { startNode } from './process.js';
import { until } from './until.js';

export const serviceFolder = fileURLToPath(new URL('../../../examples/service/', import.meta.url));

/** A line of its log. */
export interface Line {
  level: number;
  msg: string;
  [field: string]: unknown;
}

/** Its log so far: every line of it is JSON. */
export const logOf = (service: Process) => service.said().map((line) => JSON.parse(line) as Line);

/** Starts examples/service as a process, on a fake Step Functions and a component. */
export async function startExampleService(
  endpoint: string,
  componentUrl: string,
  env: NodeJS.ProcessEnv = {},
) {
  const service = startNode([compiledOf(`${serviceFolder}src/main.ts`)], {
    env: {
      ...awsEnvironment(endpoint),
      COMPONENT_URL: componentUrl,
      PORT: '0',
      ...env,
    },
  });
  const port = await until(() => {
    const line = logOf(service).find(({ msg }) => msg === 'Probes and metrics are served');
    expect(line?.['port']).toBeGreaterThan(0);
    return Number(line?.['port']);
  });
  return { service, get: (path: string) => fetch(`http://127.0.0.1:${port}${path}`) };
}
