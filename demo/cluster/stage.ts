import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { startRedisInJavaScript } from '../../spec/support/redis-in-javascript.js';
import type { FakeSfn } from 'stepfunc-source/testing';
import { startFakeSfnServer } from 'stepfunc-source/testing';

/** What the instances share: Step Functions, the store of the leases, and a component. */
export interface Stage {
  readonly sfn: FakeSfn;
  readonly description: string;
  /** How instances find it all. */
  readonly environment: Record<string, string>;
  /** Tasks at the component now, and the most that there have ever been. */
  atWork(): number;
  most(): number;
  close(): Promise<void>;
}

/** How long an open poll is held, and so how long a stop may take. AWS: 60 s. */
const LONG_POLL_MS = 1_000;

/** All of it on ports of this machine, with nothing to install. */
export async function setStage(lockTtlMs: number): Promise<Stage> {
  const server = await startFakeSfnServer({ longPollMs: LONG_POLL_MS });
  const redis = await startRedisInJavaScript();
  let atWork = 0;
  let most = 0;

  const component = createServer((request, response) => {
    request.resume();
    atWork += 1;
    most = Math.max(most, atWork);
    const answering = setTimeout(() => response.end('null'), 200 + Math.random() * 600);
    // The other side may be killed meanwhile.
    response.once('close', () => {
      clearTimeout(answering);
      atWork -= 1;
    });
  });
  component.listen(0, '127.0.0.1');
  await once(component, 'listening');
  const componentUrl = `http://127.0.0.1:${(component.address() as AddressInfo).port}`;

  return {
    sfn: server.sfn,
    description: `Step Functions (a fake one) ${server.endpoint}, Redis (an embedded one) redis://127.0.0.1:${redis.port}`,
    environment: {
      AWS_ENDPOINT_URL_SFN: server.endpoint,
      AWS_IGNORE_CONFIGURED_ENDPOINT_URLS: 'false',
      AWS_PROFILE: '',
      AWS_REGION: 'us-east-1',
      AWS_ACCESS_KEY_ID: 'demo',
      AWS_SECRET_ACCESS_KEY: 'demo',
      // What the SDK has to say of Node's versions is not about this demo.
      AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED: 'true',
      REDIS_URL: `redis://127.0.0.1:${redis.port}`,
      COMPONENT_URL: componentUrl,
      LOCK_TTL_MS: String(lockTtlMs),
    },
    atWork: () => atWork,
    most: () => most,
    async close() {
      component.close();
      component.closeAllConnections();
      await redis.close();
      await server.close();
    },
  };
}
