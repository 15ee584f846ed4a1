import type { Server, ServerResponse } from 'node:http';
import { createServer } from 'node:http';
import type { HealthProblem, StepFuncSource } from 'stepfunc-source';
import { createMetrics } from './metrics.js';

/** `/livez`, `/readyz` and `/metrics`: a server to be told where to listen. */
export function createHealthServer(sources: readonly StepFuncSource[]): Server {
  const answerMetrics = createMetrics(sources);
  const problems = () => sources.flatMap((source) => source.health().problems);

  return createServer((request, response) => {
    switch (request.url?.split('?')[0]) {
      case '/livez':
        // What a restart mends, and nothing else: any other problem would outlive it.
        answer(
          response,
          problems().filter(({ probe }) => probe === 'liveness'),
        );
        return;
      case '/readyz':
        answer(response, problems());
        return;
      case '/metrics':
        answerMetrics(request, response);
        return;
      default:
        response.writeHead(404).end();
    }
  });
}

/** A probe goes by the status alone; the problems are for whoever looks into it. */
function answer(response: ServerResponse, problems: readonly HealthProblem[]): void {
  response.writeHead(problems.length === 0 ? 200 : 503, { 'content-type': 'application/json' });
  response.end(`${JSON.stringify({ ok: problems.length === 0, problems })}\n`);
}
