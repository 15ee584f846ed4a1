/**
 * Runs in a scratch project: `node run-example.mjs <file>`. Starts that file as a program of its
 * own, between a fake Step Functions and a component, and fails unless it
 * - polls the activity `sum`, found by the environment's AWS variables,
 * - POSTs each task to `/step/sum` of the component, whose URL it takes from COMPONENT_URL,
 * - reports the answer back,
 * - and ends with exit code 0 on SIGTERM.
 */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:http';
import { json } from 'node:stream/consumers';
import { startFakeSfnServer } from 'stepfunc-source/testing';

const DEADLINE_MS = 60_000;

const fake = await startFakeSfnServer();
const component = createServer(sum).listen(0, '127.0.0.1');
await once(component, 'listening');
const example = spawn(process.execPath, [process.argv[2]], {
  env: environment(),
  stdio: ['ignore', 'inherit', 'inherit'],
});
const exited = once(example, 'exit');
const deadline = AbortSignal.timeout(DEADLINE_MS);
deadline.addEventListener('abort', () => example.kill('SIGKILL'));

try {
  const ended = exited.then(([code]) => ({ status: `the example ended, exit code ${code}` }));
  const run = fake.sfn.runTask('sum', [1, 2, 3], { signal: deadline });
  assert.deepEqual(await Promise.race([run, ended]), { status: 'SUCCEEDED', output: '6' });
  example.kill('SIGTERM');
  assert.deepEqual(await exited, [0, null], 'expected exit code 0 after SIGTERM');
  console.log('task succeeded, exit code 0 after SIGTERM');
} finally {
  example.kill('SIGKILL');
  component.close();
  component.closeAllConnections();
  await fake.close();
}

async function sum(request, response) {
  if (request.method !== 'POST' || request.url !== '/step/sum') {
    response.writeHead(404).end();
    return;
  }
  const numbers = await json(request);
  response.end(JSON.stringify(numbers.reduce((total, number) => total + number, 0)));
}

/** This process's, without what would take the example to another account or endpoint. */
function environment() {
  const { address, port } = component.address();
  const own = Object.entries(process.env).filter(([name]) => !name.startsWith('AWS_'));
  return {
    ...Object.fromEntries(own),
    AWS_ENDPOINT_URL_SFN: fake.endpoint,
    AWS_REGION: 'us-east-1',
    AWS_ACCESS_KEY_ID: 'example',
    AWS_SECRET_ACCESS_KEY: 'example',
    COMPONENT_URL: `http://${address}:${port}`,
  };
}
