/**
 * A service with probes: `/ready` and `/live`, from `source.health()`.
 *
 *     COMPONENT_URL=http://localhost:8080 PORT=8081 npx tsx examples/health.ts
 */
import { once } from 'node:events';
import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import type { HealthProblem, StepFuncSource } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';

/** A server that answers both probes, to be told where to listen. */
export function createProbeServer(source: StepFuncSource): Server {
  return createServer((request, response) => {
    const { problems } = source.health();
    switch (request.url) {
      case '/ready':
        answer(response, problems);
        return;
      case '/live':
        // What a restart mends. Any other problem lies outside the process: a restart would cost the
        // results that wait to be reported, and mend nothing.
        answer(
          response,
          problems.filter(({ probe }) => probe === 'liveness'),
        );
        return;
      default:
        response.writeHead(404).end();
    }
  });
}

/** The problems are for whoever looks into it; the probe itself goes by the status alone. */
function answer(response: ServerResponse, problems: HealthProblem[]): void {
  response.writeHead(problems.length === 0 ? 200 : 503, { 'content-type': 'application/json' });
  response.end(JSON.stringify({ ok: problems.length === 0, problems }));
}

async function main(): Promise<void> {
  const {
    ACTIVITY_NAME = 'sum',
    COMPONENT_URL = 'http://localhost:8080',
    PORT = '8081',
  } = process.env;
  const stopping = new AbortController();
  process.once('SIGTERM', () => stopping.abort());

  const source = createStepFuncSource(
    {
      activityName: ACTIVITY_NAME,
      path: '/step/sum',
      maxConcurrency: 10,
      concurrencyPerPoller: 10,
    },
    httpInvoke(COMPONENT_URL),
    { logger: console },
  );
  // Before the source starts, so that a start which takes long is seen.
  const probes = createProbeServer(source).listen(Number(PORT));
  await once(probes, 'listening');
  console.log(`probes on port ${(probes.address() as AddressInfo).port}`);
  try {
    // 10 s less than the container's grace of 120 s: see docs/operations.md.
    await source.run(stopping.signal, { graceMs: 110_000 });
  } finally {
    probes.close();
    probes.closeAllConnections();
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await main();
