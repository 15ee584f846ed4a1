import { afterAll, beforeAll, vi } from 'vitest';
import type { FakeSfnServer } from '../../../lib/testing/index.js';
import { startFakeSfnServer } from '../../../lib/testing/index.js';
import { pointSdkAt } from './aws-environment.js';

/**
 * One fake Step Functions behind a port for all tests of a file, to which the default clients lead.
 * Call it once in a spec file.
 */
export function useServedFake(): FakeSfnServer {
  const server = {} as FakeSfnServer;
  beforeAll(async () => {
    Object.assign(server, await startFakeSfnServer({ longPollMs: 200 }));
    pointSdkAt(server.endpoint);
  });
  afterAll(async () => {
    vi.unstubAllEnvs();
    await server.close();
  });
  return server;
}
