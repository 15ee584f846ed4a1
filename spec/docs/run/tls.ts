import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect } from 'vitest';
import { root } from '../pages.js';
import type { Run } from './run.js';
import { invoke } from './sources.js';

/** Of an authority that was made for these tests and is forgotten: good until 2120. */
const certificate = (name: string) => readFileSync(join(root, 'spec/docs/certificates', name));

const server = { cert: certificate('server.pem'), key: certificate('server-key.pem') };

/** The component has no request from anybody but who has a certificate of the authority's. */
export const mutualTls: Run = invoke({
  tls: { ...server, ca: certificate('ca.pem'), requestCert: true, rejectUnauthorized: true },
});

/** A redirect is a failure, and leads nowhere. */
export const redirect: Run = invoke({
  tls: server,
  env: { NODE_EXTRA_CA_CERTS: 'ca.pem' },
  handler: (_, response) => response.writeHead(302, { location: '/elsewhere' }).end(),
  act: async (scene, example) => {
    const outcome = await scene.runTask(example);
    expect(outcome).toMatchObject({ status: 'FAILED', error: 'StepFuncSource.Http302' });
    expect(scene.component.requests.map(({ path }) => path)).toEqual(['/step/sum']);
  },
});
