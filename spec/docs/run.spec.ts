import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { isCode } from './module.js';
import type { Block } from './pages.js';
import { readPages, root } from './pages.js';
import { cdk } from './run/cdk.js';
import { componentProcess } from './run/components.js';
import { executionLogged, logs, runsNow } from './run/identity.js';
import { inThread, tellsTask, thread, withSchema } from './run/functions.js';
import { locks, tenForAll } from './run/locks.js';
import { metrics, traceFromInput, traces } from './run/opentelemetry.js';
import { nest } from './run/nest.js';
import type { Run } from './run/run.js';
import {
  component,
  listener,
  resized,
  service,
  signed,
  source,
  splitAndSum,
  stopped,
  withToken,
} from './run/sources.js';
import { startDynamoDb, startMysql, startPostgresql, startRedis } from './run/stores.js';
import { besideService, fakeProcess, faults, inTest, test, testProcess } from './run/tests.js';
import { mutualTls, redirect } from './run/tls.js';
import { created, prints, types, value } from './run/values.js';

/**
 * How each block of code under a heading is run, in the order in which they stand there. What is changed
 * in its code before: see spec/docs/substitutions.ts. What it takes for granted: see spec/docs/assumed.
 */
const runs: Record<string, readonly Run[]> = {
  'README.md#quick-start': [component, service, service],
  'docs/cluster.md#how-do-several-instances-share-one-limit': [tenForAll()],
  'docs/cluster.md#redis': [locks(startRedis)],
  'docs/cluster.md#dynamodb': [locks(startDynamoDb)],
  'docs/cluster.md#the-dynamodb-table-in-cdk': [cdk],
  'docs/cluster.md#other-clients': [locks(startRedis), locks(startPostgresql)],
  'docs/cluster.md#postgresql': [locks(startPostgresql)],
  'docs/cluster.md#mysql-and-mariadb': [locks(startMysql)],
  'docs/components.md#nodehttp': [componentProcess],
  'docs/components.md#express': [componentProcess],
  'docs/components.md#fastify': [componentProcess],
  'docs/components.md#nestjs': [nest],
  'docs/components.md#behind-iam-api-gateway-or-a-lambda-url': [signed],
  'docs/errors.md#what-a-component-says': [value],
  'docs/functions.md#how-do-i-run-tasks-with-a-function': [service],
  'docs/functions.md#check-the-input': [withSchema],
  'docs/functions.md#stop-when-the-output-is-no-longer-wanted': [tellsTask],
  'docs/functions.md#work-that-keeps-the-cpu-busy': [inThread, thread],
  'docs/functions.md#wrap-the-function': [tellsTask],
  'docs/identity.md#which-execution': [executionLogged],
  'docs/identity.md#what-runs-now': [runsNow],
  'docs/loggers.md#pino': [logs],
  'docs/loggers.md#console': [logs],
  'docs/loggers.md#winston': [logs],
  'docs/migrating.md#how-do-i-move-from-maelstroms-awsstepfunc': [tenForAll()],
  'docs/networks.md#vpc-endpoints-fips-other-endpoints': [created],
  'docs/networks.md#credentials': [created],
  'docs/opentelemetry.md#how-do-i-get-metrics-and-traces': [metrics],
  'docs/opentelemetry.md#traces': [traces],
  'docs/opentelemetry.md#one-trace-from-the-executions-start': [traceFromInput],
  'docs/operations.md#the-component-is-down-or-slow': [resized],
  'docs/reference.md#what-are-all-the-options-events-and-names': [source()],
  'docs/reference.md#invoke': [types, withToken],
  'docs/reference.md#stopping': [stopped],
  'docs/reference.md#events': [listener],
  'docs/runtimes.md#which-runtimes-does-it-run-on': [service],
  'docs/runtimes.md#nodejs-20': [prints],
  'docs/security.md#tls': [mutualTls],
  'docs/security.md#the-components-origin': [redirect],
  'docs/several-activities.md#how-do-i-run-several-activities-in-one-process': [splitAndSum],
  'docs/testing.md#how-do-i-test-my-service-without-aws': [test],
  'docs/testing.md#vitest': [test],
  'docs/testing.md#nodetest': [testProcess],
  'docs/testing.md#timeouts': [besideService],
  'docs/testing.md#faults': [besideService, faults],
  'docs/testing.md#the-real-sdk': [inTest],
  'docs/testing.md#behind-a-port': [fakeProcess],
};

const pages = readPages();
const blocks = pages.flatMap((page) => page.blocks);
const sections = new Map<string, Block[]>();
for (const block of blocks.filter(isCode)) {
  sections.set(block.section, [...(sections.get(block.section) ?? []), block]);
}

describe('the code in the docs', () => {
  it('is run, every block of it', () => {
    const there = Object.fromEntries([...sections].map(([at, { length }]) => [at, length]));
    const listed = Object.fromEntries(Object.entries(runs).map(([at, { length }]) => [at, length]));
    expect(listed).toEqual(there);
  });

  it('says what language it is in, by the one name that is looked for', () => {
    const others = new Set(
      blocks.filter((block) => !isCode(block) && !block.elsewhere).map(({ language }) => language),
    );
    expect([...others].sort()).toEqual([
      'go',
      'java',
      'json',
      'mermaid',
      'promql',
      'python',
      'sh',
      'sql',
      'text',
      'yaml',
    ]);
  });

  it('is nowhere that it is not looked for', () => {
    const elsewhere = pages.flatMap(({ path }) =>
      readFileSync(join(root, path), 'utf8')
        .split('\n')
        .filter((line) => /^\s*(~~~|>\s*```|<pre)/.test(line))
        .map((line) => `${path}: ${line}`),
    );
    expect(elsewhere).toEqual([]);
  });
});

describe('run beside each other', () => register(({ concurrent }) => concurrent));

describe('run one by one', () => register(({ concurrent }) => !concurrent));

function register(which: (run: Run) => boolean): void {
  for (const [section, found] of sections) {
    for (const [i, block] of found.entries()) {
      const run = runs[section]?.[i];
      if (run !== undefined && which(run)) run.register(block);
    }
  }
}
