import { expect } from 'vitest';
import { echo } from '../../support/integration/component.js';
import { freePort } from '../../support/integration/free-port.js';
import type { Run } from './run.js';
import { beside } from './run.js';
import type { Scene } from './scene.js';
import { endsWell, setScene } from './scene.js';
import { addsUp, invoke, source } from './sources.js';

/** Prometheus finds the task where the page says. */
export const metrics: Run = beside('metrics', async (block, context) => {
  const port = await freePort();
  const places = { metricsPort: String(port) };
  const scene = await setScene(block, context, { driver: 'metrics.ts', places });
  const example = scene.start();
  await addsUp(scene, example);
  const answer = await fetch(`http://localhost:${port}/metrics`, {
    headers: { connection: 'close' },
  });
  expect(await answer.text()).toMatch(
    /^messaging_client_consumed_messages_total\{.*messaging_destination_name="sum".*\} 1$/m,
  );
  await endsWell(example);
});

/** The span is printed, and the component got its id. */
export const traces: Run = source({
  driver: 'traces.ts',
  afterwards: (scene, example) => {
    const printed = example.said().join('\n');
    const { traceId, spanId } = parentOf(scene, 0);
    expect(printed).toContain("name: 'process sum'");
    expect(printed).toContain(`traceId: '${traceId}'`);
    expect(printed).toContain(`id: '${spanId}'`);
  },
});

/** The input's trace goes on to the component; without one there, the task has its own. */
export const traceFromInput: Run = invoke({
  driver: 'traced-invoke.ts',
  handler: echo,
  act: async (scene, example) => {
    const [traceId, spanId] = ['0af7651916cd43dd8448eb211c80319c', 'b7ad6b7169203331'];
    await scene.runTask(example, { traceparent: `00-${traceId}-${spanId}-01` });
    await scene.runTask(example, {});
    const [first, second] = [parentOf(scene, 0), parentOf(scene, 1)];
    expect(first.traceId).toBe(traceId);
    expect(first.spanId).not.toBe(spanId);
    expect(second.traceId).not.toBe(traceId);
  },
});

/** The span that a request to the component says it is part of. */
function parentOf({ component }: Scene, request: number): { traceId: string; spanId: string } {
  const header = component.requests[request]?.headers['traceparent'];
  const [, traceId, spanId] = /^00-([0-9a-f]{32})-([0-9a-f]{16})-01$/.exec(String(header)) ?? [];
  if (traceId === undefined || spanId === undefined) {
    throw new Error(`Expected a traceparent, got ${JSON.stringify(header)}`);
  }
  return { traceId, spanId };
}
