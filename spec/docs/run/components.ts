import { expect } from 'vitest';
import { freePort } from '../../support/integration/free-port.js';
import { startNode } from '../../support/integration/process.js';
import { until } from '../../support/integration/until.js';
import { writeProgram } from './folder.js';
import type { Run } from './run.js';
import { beside } from './run.js';

/** A component in a process of its own: adds up, and refuses what is no list of numbers by a name. */
export const componentProcess: Run = beside('a component', async (block, { onTestFinished }) => {
  const file = await writeProgram(block, onTestFinished);
  const port = await freePort();
  const example = startNode([file], { env: { PORT: String(port) } });
  onTestFinished(() => example.signal('SIGKILL'));
  await addsUp(`http://localhost:${port}`);
});

export async function addsUp(url: string): Promise<void> {
  const post = (body: string) =>
    fetch(`${url}/step/sum`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', connection: 'close' },
      body,
    });
  const answer = await until(() => post('[1,2,3]'));
  expect([answer.status, await answer.json()]).toEqual([200, 6]);
  const nothing = await post('[]');
  expect([nothing.status, await nothing.json()]).toEqual([200, 0]);
  for (const other of ['{"a":1}', '["a"]']) {
    const refusal = await post(other);
    expect(refusal.status).toBe(422);
    expect(refusal.headers.get('step-func-error')).toBe('NotNumbers');
    expect(await refusal.text()).not.toBe('');
  }
  // Larger than what many parsers take by default.
  const most = await post(JSON.stringify(Array.from({ length: 130_000 }, () => 1)));
  expect([most.status, await most.json()]).toEqual([200, 130_000]);
}
