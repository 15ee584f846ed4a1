import { spawnSync } from 'node:child_process';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, describe, expect, it } from 'vitest';
import { parse, parseAllDocuments } from 'yaml';
import { readEventSources } from '../../examples/service/src/components.js';
import { readSettings } from '../../examples/service/src/settings.js';
import { codeIn, readPage } from '../docs/pages.js';
import { startComponent } from '../support/integration/component.js';
import {
  logOf,
  serviceFolder,
  startExampleService,
} from '../support/integration/example-service.js';
import { killProcesses } from '../support/integration/process.js';
import { until } from '../support/integration/until.js';

afterAll(killProcesses);

const read = (name: string) => readFile(join(serviceFolder, name), 'utf8');

/** Names of metrics, and of their labels, in a text. */
const metricsIn = (text: string) => new Set(text.match(/\b(?:stepfunc_source|messaging)_\w+/g));

describe('examples/service', () => {
  it('splits and sums, is probed and scraped, and drains at SIGTERM with exit code 0', async () => {
    await using server = await startFakeSfnServer({ longPollMs: 300 });
    await using component = await startComponent(({ path, body }, response) => {
      const numbers = JSON.parse(body) as number[];
      const split = numbers.map((number) => [number]);
      const sum = numbers.reduce((a, b) => a + b, 0);
      response.end(JSON.stringify(path === '/step/split' ? split : sum));
    });
    server.sfn.fault({ kind: 'throttling', operation: 'GetActivityTask' });
    // As often as the SDK tries before the source hears of it.
    server.sfn.fault({ kind: 'throttling', operation: 'SendTaskSuccess', times: 3 });
    const { service, get } = await startExampleService(server.endpoint, component.url);

    const split = await server.sfn.runTask('split', [1, 2, 3]);
    expect(split).toEqual({ status: 'SUCCEEDED', output: '[[1],[2],[3]]' });
    const sum = await server.sfn.runTask('sum', [1, 2, 3]);
    expect(sum).toEqual({ status: 'SUCCEEDED', output: '6' });

    await until(async () => expect((await get('/readyz')).status).toBe(200));
    expect(await (await get('/livez')).json()).toEqual({ ok: true, problems: [] });
    expect((await get('/')).status).toBe(404);
    const metrics = await until(async () => {
      const text = await (await get('/metrics')).text();
      expect(text).toMatch(/^stepfunc_source_tasks_ended_total\{.*"sum".*succeeded.*\} 1$/m);
      return text;
    });
    expect(metrics).toMatch(/^stepfunc_source_slots\{.*"split".*\} 1$/m);
    expect(metrics).toMatch(/^stepfunc_source_slots\{.*"sum".*\} 10$/m);
    await dashboardsNameWhatIsThere(metrics);

    service.terminate();
    expect(await service.ended).toEqual({ code: 0, signal: null, stderr: '' });
    const log = logOf(service);
    expect(log.at(-1)).toMatchObject({
      msg: 'All sources have stopped',
      summaries: [{ lost: 0 }, { lost: 0 }],
    });
    expect(log.find(({ msg }) => msg === 'The source is running')).toMatchObject({
      component: 'mywebapp',
    });
    const started = log.filter(({ msg }) => msg === 'The source is running');
    for (const { eventSource, activityName } of started) expect(eventSource).toBe(activityName);
    expect(started).toHaveLength(2);
  });

  /** A series of failures comes with the first of them, here of a poll and of a report. */
  async function dashboardsNameWhatIsThere(metrics: string): Promise<void> {
    const others = /_(heartbeat|lock_store)_failures_total$|_leases_lost_total$/;
    const there = metricsIn(metrics);
    for (const file of ['observability/alerts.yaml', 'observability/grafana-dashboard.json']) {
      const named = [...metricsIn(await read(file))].filter((name) => !others.test(name));
      expect(named.length).toBeGreaterThan(4);
      expect([...there]).toEqual(expect.arrayContaining(named));
    }
  }

  it('ends with exit code 1 and says why when a source can not start', async () => {
    await using server = await startFakeSfnServer({ longPollMs: 300 });
    server.sfn.fault({
      kind: 'error',
      name: 'AccessDeniedException',
      status: 403,
      operation: 'CreateActivity',
      when: ({ name }) => name === 'sum',
      times: Infinity,
    });
    const { service } = await startExampleService(server.endpoint, 'http://127.0.0.1:9');
    expect(await service.ended).toMatchObject({ code: 1 });
    // Not the last line: at a fatal one pino writes at once, past a line that is still under way.
    const fatal = logOf(service).filter(({ level }) => level === 60);
    expect(fatal).toMatchObject([
      { msg: 'A source could not start', err: { type: 'ActivityError' } },
    ]);
  });
});

describe('its settings', () => {
  it('are read from the environment, with a URL for each component', () => {
    const { componentUrl, ...settings } = readSettings({
      COMPONENT_URL: 'http://app',
      COMPONENT_URL_MY_APP: 'http://my-app',
      GRACE_MS: '5000',
      REDIS_URL: 'redis://localhost',
    });
    expect(settings).toMatchObject({
      port: 8081,
      logLevel: 'info',
      graceMs: 5_000,
      locks: { kind: 'redis', url: 'redis://localhost' },
    });
    expect([componentUrl('my-app'), componentUrl('other')]).toEqual([
      'http://my-app',
      'http://app',
    ]);
    expect(readSettings({}).locks).toBeUndefined();
    expect(readSettings({ LOCK_TABLE: 't' }).locks).toEqual({ kind: 'dynamodb', tableName: 't' });
  });

  it.each([
    [{ GRACE_MS: '5s' }, /GRACE_MS must be a whole number, got "5s"/],
    [{ PORT: '' }, /PORT must be a whole number/],
    [{ REDIS_URL: 'redis://a', LOCK_TABLE: 't' }, /not both/],
  ])('are refused: %j', (env, words) => {
    expect(() => readSettings(env)).toThrow(words);
  });
});

describe('its components file', () => {
  async function sourcesOf(text: string) {
    const at = await mkdtemp(join(tmpdir(), 'components-'));
    try {
      await writeFile(join(at, 'components.yaml'), text);
      return await readEventSources(join(at, 'components.yaml'));
    } finally {
      await rm(at, { recursive: true });
    }
  }

  it("is maelstrom's, as it stands", async () => {
    expect(await readEventSources(join(serviceFolder, 'components.yaml'))).toEqual([
      {
        component: 'mywebapp',
        name: 'split',
        config: { activityName: 'split', path: '/step/split' },
      },
      {
        component: 'mywebapp',
        name: 'sum',
        config: {
          activityName: 'sum',
          path: '/step/sum',
          maxConcurrency: 10,
          concurrencyPerPoller: 5,
        },
      },
    ]);
  });

  it('may have other kinds of event sources, and components without any', async () => {
    const sources = await sourcesOf(`
components:
  a:
    eventsources:
      tick: { cron: { schedule: '* * * * *' } }
      step: { awsstepfunc: { activityname: x, path: /x, heartbeatintervalms: 1000, colour: red } }
  b: { image: example/b }
`);
    expect(sources).toMatchObject([
      { component: 'a', config: { activityName: 'x', heartbeatIntervalMs: 1_000, colour: 'red' } },
    ]);
  });

  it('may have every key of the config, in lower case', async () => {
    const keys = readPage('docs/reference.md')
      .table('Config')
      .flatMap(([cell]) => codeIn(cell));
    expect(keys).toContain('onComponentDown');
    const properties = Object.fromEntries(keys.map((key) => [key.toLowerCase(), 'x']));
    const step = { awsstepfunc: properties };
    const file = { components: { a: { eventsources: { step } } } };
    const [source] = await sourcesOf(JSON.stringify(file));
    expect(Object.keys(source?.config ?? {}).sort()).toEqual([...keys].sort());
  });

  it.each([
    ['nothing: 1', /components must be a map/],
    ['components: { a: { eventsources: { b: { cron: {} } } } }', /no event source of the kind/],
    [
      'components: { a: { eventsources: { b: { awsstepfunc: 1 } } } }',
      /a\.eventsources\.b must be a map/,
    ],
  ])('is refused: %s', async (text, words) => {
    await expect(sourcesOf(text)).rejects.toThrow(words);
  });
});

describe('its deployment', () => {
  it('gives a stop more time than GRACE_MS on every platform', async () => {
    const documents = parseAllDocuments(await read('deploy/kubernetes.yaml')).map(
      (document) => document.toJS() as Manifest,
    );
    const deployment = documents.find(({ kind }) => kind === 'Deployment')?.spec?.template.spec;
    const [container] = deployment?.containers ?? [];
    const graceMs = Number(container?.env.find(({ name }) => name === 'GRACE_MS')?.value);
    expect(graceMs).toBeGreaterThan(75_000);
    expect((deployment?.terminationGracePeriodSeconds ?? 0) * 1_000 - graceMs).toBe(10_000);
    expect(container?.livenessProbe.httpGet.path).toBe('/livez');
    expect(container?.readinessProbe.httpGet.path).toBe('/readyz');
    const task = JSON.parse(await read('deploy/ecs-task-definition.json')) as TaskDefinition;
    expect((task.containerDefinitions[0]?.stopTimeout ?? 0) * 1_000 - graceMs).toBe(10_000);
    const inConfigMap = documents.find(({ kind }) => kind === 'ConfigMap')?.data?.[
      'components.yaml'
    ];
    expect(parse(inConfigMap ?? '')).toEqual(parse(await read('components.yaml')));
  });

  it('has alert rules that promtool takes, and whose tests pass', async ({ skip }) => {
    const promtool = process.env['PROMTOOL'] ?? 'promtool';
    const run = (...args: string[]) =>
      spawnSync(promtool, args, { cwd: join(serviceFolder, 'observability'), encoding: 'utf8' });
    if (run('--version').error !== undefined) skip('promtool is not on the PATH');
    for (const args of [
      ['check', 'rules', 'alerts.yaml'],
      ['test', 'rules', 'alerts.test.yaml'],
    ]) {
      const { status, stdout, stderr } = run(...args);
      expect([status, status === 0 ? '' : stdout + stderr]).toEqual([0, '']);
    }
  });

  it('has alert rules and a dashboard that are whole, promtool or not', async () => {
    const { groups } = parse(await read('observability/alerts.yaml')) as { groups: Group[] };
    const rules = groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThan(5);
    for (const { alert, labels, annotations } of rules) {
      expect(alert).toMatch(/^StepFunc\w+$/);
      expect(Object.keys(labels)).toEqual(['severity']);
      expect(Object.keys(annotations).sort()).toEqual(['description', 'summary']);
    }
    const { panels, templating } = JSON.parse(
      await read('observability/grafana-dashboard.json'),
    ) as Dashboard;
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    const variables = ['__rate_interval', ...templating.list.map(({ name }) => name)];
    for (const { title, datasource, gridPos, targets } of panels) {
      expect(title).not.toBe('');
      expect(datasource).toEqual({ type: 'prometheus', uid: '${datasource}' });
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
      const used = targets.flatMap(({ expr }) => [...expr.matchAll(/\$(\w+)/g)]);
      expect(variables).toEqual(expect.arrayContaining(used.map(([, name]) => name)));
    }
    const cells = panels.flatMap(({ gridPos: { x, y, w, h } }) =>
      Array.from({ length: w * h }, (_, i) => `${x + (i % w)},${y + Math.floor(i / w)}`),
    );
    // None lies on another.
    expect(new Set(cells).size).toBe(cells.length);
  });
});

interface Manifest {
  kind: string;
  data?: Record<string, string>;
  spec?: {
    template: {
      spec: {
        terminationGracePeriodSeconds: number;
        containers: {
          env: { name: string; value: string }[];
          livenessProbe: { httpGet: { path: string } };
          readinessProbe: { httpGet: { path: string } };
        }[];
      };
    };
  };
}
interface TaskDefinition {
  containerDefinitions: { stopTimeout: number }[];
}
interface Group {
  rules: {
    alert: string;
    labels: Record<string, string>;
    annotations: Record<string, string>;
  }[];
}
interface Dashboard {
  templating: { list: { name: string }[] };
  panels: {
    id: number;
    title: string;
    datasource: object;
    gridPos: { x: number; y: number; w: number; h: number };
    targets: { refId: string; expr: string }[];
  }[];
}
