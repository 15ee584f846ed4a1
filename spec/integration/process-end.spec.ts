import { once } from 'node:events';
import type { Socket } from 'node:net';
import { connect } from 'node:net';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { startFakeSfnServer } from 'stepfunc-source/testing';
import { afterAll, describe, expect, it, onTestFinished } from 'vitest';
import { awsEnvironment } from '../support/integration/aws-environment.js';
import { json, startComponent } from '../support/integration/component.js';
import { compiledOf } from '../support/compiled.js';
import type { Process } from '../support/integration/process.js';
import { killProcesses, startNode, startProcess } from '../support/integration/process.js';
import { startTap } from '../support/integration/tap.js';
import { until } from '../support/integration/until.js';

afterAll(killProcesses);

/** S4's second. */
const MOST_MS = 1_000;

/** Milliseconds for which something holds the process after its stop. */
async function heldAfterStop(process: Process): Promise<number> {
  process.write('stop');
  const { code, stderr } = await process.ended;
  // The SDK's own word on a metadata service that is slow is no error.
  expect([code, stderr.replace(/^@smithy.*\n/gm, '')]).toEqual([0, '']);
  const [stopped, free] = process.said().slice(-2).map(timeOf);
  return Number(free) - Number(stopped);
}

const timeOf = (line: string): string | undefined => /^(?:stopped|free) (\d+)$/.exec(line)?.[1];

/** An address whose SYNs get no answer: a listener that accepts nothing, with its backlog full. */
async function startFullBacklog(): Promise<string> {
  const script = new URL('../support/integration/never-accepts.ts', import.meta.url);
  const listener = startNode([compiledOf(fileURLToPath(script))], { env: {} });
  const port = await until(() => {
    const [line] = listener.said();
    expect(line).toBeDefined();
    return Number(line);
  });
  const fillers: Socket[] = [];
  onTestFinished(() => {
    for (const filler of fillers) filler.destroy();
  });
  while (await connects()) expect(fillers.length).toBeLessThan(50);
  return `http://127.0.0.1:${port}`;

  /** A SYN on this machine is answered at once or not at all. */
  async function connects(): Promise<boolean> {
    const socket = connect(port, '127.0.0.1');
    fillers.push(socket);
    socket.on('error', () => undefined);
    const signal = AbortSignal.timeout(500);
    return once(socket, 'connect', { signal }).then(
      () => true,
      () => false,
    );
  }
}

describe('a process whose source has stopped', () => {
  it('S4: ends within a second, with connections that were never made', async () => {
    const service = startProcess('stop-process.ts', await startFullBacklog(), { componentUrl: '' });
    // It has nothing to say before it has a connection.
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    expect(await heldAfterStop(service)).toBeLessThan(MOST_MS);
  });

  it('S4: ends within a second, with a report that AWS asks to be sent in a minute', async () => {
    await using aws = await startComponent((request, response) => {
      const target = String(request.headers['x-amz-target']);
      if (target.endsWith('CreateActivity')) {
        return json({ activityArn: 'arn:aws:states:us-east-1:123456789012:activity:sum' })(
          request,
          response,
        );
      }
      if (target.endsWith('GetActivityTask')) {
        return json({ taskToken: 'token', input: '1' })(request, response);
      }
      return response
        .writeHead(400, {
          'content-type': 'application/x-amz-json-1.0',
          'retry-after': '60',
        })
        .end(JSON.stringify({ __type: 'ThrottlingException', message: 'Rate exceeded' }));
    });
    const service = startProcess('stop-process.ts', aws.url, { componentUrl: '' });
    await until(() => expect(service.said()).toContain('received'));
    await until(() => expect(aws.requests.some((r) => isReport(r.headers))).toBe(true));
    expect(await heldAfterStop(service)).toBeLessThan(MOST_MS);
  });

  it('S4: ends within a second, with a poll that is held', async () => {
    await using server = await startFakeSfnServer({ longPollMs: 60_000 });
    const service = startProcess('stop-process.ts', server.endpoint, { componentUrl: '' });
    await until(() => expect(server.sfn.openPolls()).toBe(1));
    expect(await heldAfterStop(service)).toBeLessThan(MOST_MS);
  });
});

/** Timers of the SDK's, of 2 s and of 1 s, which hold the process and which can not be ended. */
const SDK_TIMERS_MS = 3_000;

/** Providers of credentials that never come: what leads to them, given a server that never answers. */
const silentProviders: [
  string,
  (url: string, folder: string) => Promise<NodeJS.ProcessEnv>,
  mostMs?: number,
][] = [
  [
    'the metadata service of an instance',
    async (url) => ({
      AWS_EC2_METADATA_DISABLED: undefined,
      AWS_EC2_METADATA_SERVICE_ENDPOINT: url,
    }),
  ],
  [
    'the agent of a container',
    async (url) => ({ AWS_CONTAINER_CREDENTIALS_FULL_URI: url }),
    MOST_MS + SDK_TIMERS_MS,
  ],
  [
    'STS, for the token of a web identity',
    async (url, folder) => {
      const token = join(folder, 'token');
      await writeFile(token, 'a.b.c');
      return {
        AWS_ENDPOINT_URL_STS: url,
        AWS_WEB_IDENTITY_TOKEN_FILE: token,
        AWS_ROLE_ARN: 'arn:aws:iam::123456789012:role/worker',
      };
    },
  ],
  [
    'a credential_process',
    async (url, folder) => {
      const config = join(folder, 'config');
      const script = join(folder, 'silent.mjs');
      await writeFile(script, `await fetch('${url}').catch(() => undefined);`);
      await writeFile(
        config,
        `[default]\ncredential_process = "${process.execPath}" "${script}"\n`,
      );
      return { AWS_CONFIG_FILE: config };
    },
  ],
];

describe.concurrent('a process whose source is stopped while credentials are fetched', () => {
  it.each(silentProviders)(
    'S4: ends soon, whether %s answers or not',
    async (_, envOf, mostMs = MOST_MS) => {
      await using silent = await startTap();
      const folder = await mkdtemp(join(tmpdir(), 'credentials-'));
      try {
        const script = new URL('../support/integration/stop-process.ts', import.meta.url);
        const service = startNode([compiledOf(fileURLToPath(script))], {
          env: {
            ...awsEnvironment(silent.endpoint),
            AWS_ACCESS_KEY_ID: undefined,
            AWS_SECRET_ACCESS_KEY: undefined,
            AWS_EC2_METADATA_DISABLED: 'true',
            HOME: folder,
            ...(await envOf(silent.endpoint, folder)),
          },
        });
        await until(() => expect(silent.open()).toBeGreaterThan(0));
        expect(await heldAfterStop(service)).toBeLessThan(mostMs);
      } finally {
        await rm(folder, { recursive: true });
      }
    },
  );
});

function isReport(headers: NodeJS.Dict<string | string[]>): boolean {
  return String(headers['x-amz-target']).includes('SendTask');
}
