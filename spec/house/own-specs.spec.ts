import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import ts from 'typescript';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/**
 * Modules whose spec has another name or place, each with the spec that holds it. They need sockets,
 * a process or a server, or are a part of what the spec is about.
 */
const heldElsewhere: Record<string, string> = {
  'locks/lock-not-owned': 'spec/integration/locks/contract.ts',
  'net/connections': 'spec/integration/connections.spec.ts',
  'net/post': 'spec/integration/post.spec.ts',
  'locks/postgres-cancel': 'spec/integration/locks/postgres-cancel.spec.ts',
  'sfn/clients': 'spec/integration/sfn-clients.spec.ts',
  'sfn/request-handler': 'spec/integration/request-handler.spec.ts',
  'sfn/route': 'spec/integration/sfn-networks.spec.ts',
  'testing/fake-server': 'spec/integration/fake-sfn-server.spec.ts',
};

/** Every module of a room, as `room/name`. The entry points, lib/*.ts, only export. */
const modules = readdirSync(join(root, 'lib'), { recursive: true, encoding: 'utf8' })
  .filter((file) => /^[^/]+\/.+\.ts$/.test(file) && !file.endsWith('/index.ts'))
  .map((file) => file.replace(/\.ts$/, ''));

/** Whether there is something to test: a function with a body. Types and constants have none. */
function hasLogic(module: string): boolean {
  const text = readFileSync(join(root, `lib/${module}.ts`), 'utf8');
  const file = ts.createSourceFile(module, text, ts.ScriptTarget.Latest);
  const isIn = (node: ts.Node): boolean =>
    (ts.isFunctionLike(node) && 'body' in node && node.body !== undefined) ||
    ts.forEachChild(node, isIn) === true;
  return isIn(file);
}

const hasOwnSpec = (module: string) => existsSync(join(root, `spec/unit/${module}.spec.ts`));

describe('a module of lib', () => {
  it('with a function in it has a spec of its own name', () => {
    const without = modules.filter(
      (module) => hasLogic(module) && !hasOwnSpec(module) && heldElsewhere[module] === undefined,
    );
    expect(without).toEqual([]);
  });

  it.each(Object.entries(heldElsewhere))('%s is held by %s', (module, spec) => {
    expect(modules).toContain(module);
    expect(hasOwnSpec(module), 'Take it off the list: it has a spec of its own now').toBe(false);
    expect(existsSync(join(root, spec))).toBe(true);
  });
});

it('a spec of a room begins with the name of a module', () => {
  const strays = readdirSync(join(root, 'spec/unit'), { recursive: true, encoding: 'utf8' })
    .filter((file) => /^[^/]+\/.+\.spec\.ts$/.test(file))
    .map((file) => file.replace(/\.spec\.ts$/, ''))
    .filter((spec) => !modules.some((module) => spec === module || spec.startsWith(`${module}-`)));
  expect(strays).toEqual([]);
});
