import { readFileSync } from 'node:fs';
import { cpus, release, totalmem, type } from 'node:os';

/** What the figures were measured on. */
export function machine(): string {
  const cores = cpus();
  const model = cores[0]?.model.trim() ?? 'unknown processor';
  return `${cores.length} cores (${model}), ${Math.round(totalmem() / 2 ** 30)} GiB, ${type()} ${release()}, Node.js ${process.version}`;
}

const packages = [
  '@aws-sdk/client-sfn',
  '@smithy/undici-http-handler',
  'undici',
  'abort-controller-x',
  'bench/node_modules/step-function-worker',
  'bench/node_modules/aws-sdk',
];

/** Which versions of what, as installed. */
export function versions(root: URL): string[][] {
  return packages.map((name) => {
    const path = name.startsWith('bench/') ? name : `node_modules/${name}`;
    const manifest = readFileSync(new URL(`${path}/package.json`, root), 'utf8');
    const { version } = JSON.parse(manifest) as { version: string };
    return [name.replace('bench/node_modules/', ''), version];
  });
}
