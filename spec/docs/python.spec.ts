import { spawn, spawnSync } from 'node:child_process';
import { expect, it } from 'vitest';
import { freePort } from '../support/integration/free-port.js';
import { readPage } from './pages.js';
import { addsUp } from './run/components.js';

it('the component in Python adds up, and refuses what is no list', async ({ skip }) => {
  const blocks = readPage('docs/components.md').blocks;
  const code = blocks.find(({ language }) => language === 'python')?.code ?? '';
  expect(code).not.toBe('');
  if (spawnSync('python3', ['--version']).error !== undefined) skip('python3 is not on the PATH');
  const port = await freePort();
  const env = { ...process.env, PORT: String(port) };
  const component = spawn('python3', ['-c', code], { env, stdio: 'ignore' });
  try {
    await addsUp(`http://localhost:${port}`);
  } finally {
    component.kill('SIGKILL');
  }
}, 60_000);
