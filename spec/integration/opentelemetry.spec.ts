import { context, propagation, trace } from '@opentelemetry/api';
import { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
import { MeterProvider } from '@opentelemetry/sdk-metrics';
import { execFile } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { createStepFuncSource } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { recordMetrics, traceInvoke } from 'stepfunc-source/opentelemetry';
import { describe, expect, it } from 'vitest';
import { compiledOf } from '../support/compiled.js';
import { collectSpans, disableGlobals } from '../support/collected-spans.js';
import { echo, hang, startComponent } from '../support/integration/component.js';
import { until } from '../support/integration/until.js';
import { useServedFake } from '../support/integration/served-fake.js';

const server = useServedFake();

interface Scraped extends AsyncDisposable {
  meterProvider: MeterProvider;
  /** What Prometheus gets: the lines of this activity, by name and labels, without those that all have. */
  scrape(activityName: string): Promise<Record<string, number>>;
}

/** Prometheus' exporter behind a port. */
async function startExporter(): Promise<Scraped> {
  const exporter = new PrometheusExporter({ preventServerStart: true });
  const meterProvider = new MeterProvider({ readers: [exporter] });
  const metricsServer = createServer((request, response) =>
    exporter.getMetricsRequestHandler(request, response),
  ).listen(0, '127.0.0.1');
  await once(metricsServer, 'listening');
  const { port } = metricsServer.address() as AddressInfo;
  return {
    meterProvider,
    async scrape(activityName) {
      const response = await fetch(`http://127.0.0.1:${port}/metrics`);
      expect(response.status).toBe(200);
      const lines = (await response.text()).split('\n');
      const mine = lines.filter(
        (line) =>
          line.includes(`messaging_destination_name="${activityName}"`) &&
          line.includes('otel_scope_name="stepfunc-source"'),
      );
      return Object.fromEntries(mine.map(seriesIn));
    },
    async [Symbol.asyncDispose]() {
      metricsServer.close();
      metricsServer.closeAllConnections();
      await meterProvider.shutdown();
    },
  };
}

const inAll = ['messaging_system', 'messaging_destination_name', 'otel_scope_name'];

function seriesIn(line: string): [string, number] {
  const [, name = '', labels = '', value] = /^(\w+)\{(.*)\} (\S+)/.exec(line) ?? [];
  const own = labels.split(',').filter((label) => !inAll.includes(label.split('=')[0] ?? ''));
  return [own.length === 0 ? name : `${name}{${own.join(',')}}`, Number(value)];
}

describe('metrics', () => {
  it('are what Prometheus scrapes over HTTP, under the names that the docs give', async () => {
    await using exporter = await startExporter();
    await using component = await startComponent((request, response) => {
      if (request.body === '"hang"') return hang(request, response);
      if (request.body !== '"bad"') return echo(request, response);
      return response.writeHead(500, { 'step-func-error': 'NoStock' }).end();
    });
    const source = createStepFuncSource(
      { activityName: 'scraped', path: '/', maxConcurrency: 3, concurrencyPerPoller: 2 },
      httpInvoke(component.url),
    );
    const stopRecording = recordMetrics(source, { meterProvider: exporter.meterProvider });
    await source.start();
    const task = (input: string) => server.sfn.runTask('scraped', input);
    await Promise.all([task('1'), task('2'), task('"bad"')]);
    server.sfn.fault({ kind: 'throttling', operation: 'GetActivityTask' });
    await until(() => expect(source.status().pollsFailed).toBe(1));
    const hanging = task('"hang"');
    await until(() => expect(component.unanswered()).toBe(1));
    await until(() => expect(source.status()).toMatchObject({ succeeded: 2, failed: 1 }));

    const scraped = await exporter.scrape('scraped');
    const process = 'messaging_operation_name="process",messaging_operation_type="process"';
    const outcome = (name: string) => `stepfunc_source_task_outcome="${name}"`;
    expect(scraped).toMatchObject({
      'messaging_client_consumed_messages_total{messaging_operation_name="GetActivityTask",messaging_operation_type="receive"}': 4,
      [`messaging_process_duration_count{${process}}`]: 2,
      [`messaging_process_duration_bucket{${process},le="3600"}`]: 2,
      [`messaging_process_duration_count{${process},error_type="NoStock"}`]: 1,
      'messaging_client_operation_duration_count{messaging_operation_name="SendTaskSuccess",messaging_operation_type="settle"}': 2,
      'messaging_client_operation_duration_count{messaging_operation_name="SendTaskFailure",messaging_operation_type="settle"}': 1,
      [`stepfunc_source_task_duration_count{${outcome('succeeded')}}`]: 2,
      [`stepfunc_source_tasks_ended_total{${outcome('succeeded')}}`]: 2,
      [`stepfunc_source_tasks_ended_total{${outcome('failed')},error_type="NoStock"}`]: 1,
      [`stepfunc_source_tasks_ended_total{${outcome('lost')},error_type="closed"}`]: 0,
      'stepfunc_source_poll_failures_total{error_type="ThrottlingException"}': 1,
      stepfunc_source_slots: 3,
      stepfunc_source_pollers_held: 2,
      stepfunc_source_tasks_active: 1,
      'stepfunc_source_health_problems{stepfunc_source_health_problem="notRunning"}': 0,
    });
    // Pollers may be resting just now; open polls are never more than free slots (C2).
    expect([0, 1, 2]).toContain(scraped['stepfunc_source_polls_open']);
    // Seconds, not milliseconds.
    const invokes = scraped[`messaging_process_duration_sum{${process}}`];
    expect(invokes).toBeGreaterThan(0);
    expect(invokes).toBeLessThan(20);

    await source.stop({ graceMs: 0 });
    expect(await hanging).toMatchObject({ error: 'StepFuncSource.Stopped' });
    expect(await exporter.scrape('scraped')).toMatchObject({
      stepfunc_source_slots: 0,
      stepfunc_source_tasks_active: 0,
      'stepfunc_source_health_problems{stepfunc_source_health_problem="notRunning"}': 1,
      [`stepfunc_source_tasks_ended_total{${outcome('failed')},error_type="StepFuncSource.Stopped"}`]: 1,
    });
    stopRecording();
  });
});

describe('traces', () => {
  it('reach the component in its request, under the span of the task', async () => {
    const spans = collectSpans();
    try {
      await using component = await startComponent(echo);
      await using source = createStepFuncSource(
        { activityName: 'traced', path: '/' },
        traceInvoke(httpInvoke(component.url), {
          activityName: 'traced',
          tracerProvider: spans.tracerProvider,
        }),
      );
      await source.start();
      expect(await server.sfn.runTask('traced', 1)).toMatchObject({ status: 'SUCCEEDED' });
      await until(() => expect(spans.ended()).toHaveLength(1));
      const received = propagation.extract(context.active(), component.requests[0]?.headers);
      expect(trace.getSpanContext(received)).toMatchObject({
        traceId: spans.one().spanContext().traceId,
        spanId: spans.one().spanContext().spanId,
        isRemote: true,
      });
    } finally {
      disableGlobals();
    }
  });
});

describe('without @opentelemetry/api', () => {
  const support = (name: string) => new URL(`../support/integration/${name}`, import.meta.url).href;
  const importing = (entry: string) =>
    promisify(execFile)(
      process.execPath,
      [
        ...['--import', support('no-opentelemetry.mjs')],
        ...['--input-type=module', '--eval'],
        `console.log(Object.keys(await import(${JSON.stringify(entry)})).join())`,
      ],
      { cwd: fileURLToPath(new URL('../..', import.meta.url)) },
    );

  it.each(['index.ts', 'http.ts', 'testing/index.ts'])(
    '%s neither imports nor misses it',
    async (entry) => {
      const { stdout, stderr } = await importing(
        compiledOf(fileURLToPath(new URL(`../../lib/${entry}`, import.meta.url))),
      );
      expect(stdout).toMatch(/^\w+/);
      expect(stderr).toBe('');
    },
  );

  it('stepfunc-source/opentelemetry says what it misses', async () => {
    const entry = compiledOf(fileURLToPath(new URL('../../lib/opentelemetry.ts', import.meta.url)));
    await expect(importing(entry)).rejects.toThrow(
      /Cannot find (package|module) '@opentelemetry\/api'/,
    );
  });
});
