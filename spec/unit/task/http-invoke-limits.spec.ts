import { expect, it, vi } from 'vitest';
import { httpInvoke } from '../../../lib/http.js';
import type * as Undici from '../../../lib/net/undici.js';

const clients = vi.hoisted((): object[] => []);

vi.mock('../../../lib/net/undici.js', async (original) => {
  const undici = await original<typeof Undici>();
  return {
    ...undici,
    Client: class extends undici.Client {
      constructor(...args: ConstructorParameters<typeof undici.Client>) {
        super(...args);
        clients.push(args[1] ?? {});
      }
    },
  };
});

it('T4: httpInvoke has no time limit of its own: only invokeTimeoutMs ends a component of 310 s', async () => {
  const invoke = httpInvoke('http://127.0.0.1:9');
  const request = {
    method: 'POST',
    path: '/',
    headers: {},
    body: '1',
    redirect: 'manual',
  } as const;
  await invoke({ ...request, task: 't' }, new AbortController().signal).catch(() => undefined);
  await invoke.close();
  // Undici's own are 300 s each, which no spec can wait for.
  expect(clients).toEqual([expect.objectContaining({ headersTimeout: 0, bodyTimeout: 0 })]);
});
