import { expect, it, vi } from 'vitest';
import { httpInvoke } from '../../../lib/http.js';
import type * as Undici from '../../../lib/net/undici.js';

const agents = vi.hoisted((): object[] => []);

vi.mock('../../../lib/net/undici.js', async (original) => {
  const undici = await original<typeof Undici>();
  return {
    ...undici,
    Agent: class extends undici.Agent {
      constructor(options: ConstructorParameters<typeof undici.Agent>[0]) {
        super(options);
        agents.push(options ?? {});
      }
    },
  };
});

it('T4: httpInvoke has no time limit of its own: only invokeTimeoutMs ends a component of 310 s', async () => {
  await httpInvoke('http://localhost:1').close();
  // Undici's own are 300 s each, which no spec can wait for.
  expect(agents).toEqual([expect.objectContaining({ headersTimeout: 0, bodyTimeout: 0 })]);
});
