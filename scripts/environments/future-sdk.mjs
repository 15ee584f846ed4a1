import { writeFileSync } from 'node:fs';

const SDK = '@aws-sdk/client-sfn';
const NEEDED = '>=22.0.0';

/**
 * Steps on a Node.js 20 with the AWS SDK that AWS announces for January 2027. Its package.json asks for
 * Node.js 22. docs/environments.md tells users what these steps see.
 */
export function withFutureSdk(node) {
  return [
    { name: 'npm ci warns, and names the SDK', perform: (project) => warns(project, node) },
    { name: 'npm ci with engine-strict refuses', perform: (project) => refuses(project, node) },
  ];
}

/** A step: an SDK that cannot load on this Node.js ends the program at once, and is named. */
export function withBrokenSdk(node) {
  return {
    name: 'an SDK that does not load is named',
    async perform(project) {
      const entry = project.path('node_modules', SDK, 'package.json');
      writeFileSync(entry, JSON.stringify({ name: SDK, version: '3.0.0', main: 'index.js' }));
      const code = "throw new SyntaxError('of a later Node.js');\n";
      writeFileSync(project.path('node_modules', SDK, 'index.js'), code);
      for (const file of ['worker.mjs', 'worker.cjs']) {
        const message = await failureOf(project.run(node, [file], { timeoutMs: 60_000 }));
        if (!/exit code 1\n/.test(message))
          throw new Error(`${file} does not end by 1: ${message}`);
        expectIn(message, `node_modules/${SDK}/index.js`, 'SyntaxError: of a later Node.js');
      }
    },
  };
}

async function warns(project, node) {
  project.edit('package-lock.json', (lock) => {
    lock.packages[`node_modules/${SDK}`].engines = { node: NEEDED };
    return lock;
  });
  const { stderr } = await project.run(node, npmCi(), {});
  expectIn(stderr, 'npm warn EBADENGINE', SDK, NEEDED);
}

async function refuses(project, node) {
  const message = await failureOf(project.run(node, npmCi('--engine-strict', '--dry-run'), {}));
  expectIn(message, 'npm error code EBADENGINE', SDK, NEEDED);
}

/** By the row's own Node.js, whose version npm compares. */
function npmCi(...more) {
  const npm = process.env['npm_execpath'];
  if (npm === undefined) throw new Error('start this by npm run check:environments');
  return [npm, 'ci', '--prefer-offline', '--no-audit', '--no-fund', '--ignore-scripts', ...more];
}

async function failureOf(promise) {
  try {
    await promise;
  } catch (error) {
    return error.message;
  }
  throw new Error('it succeeded');
}

function expectIn(text, ...parts) {
  for (const part of parts) {
    if (!text.includes(part)) throw new Error(`expected ${part} in what was printed:\n${text}`);
  }
}
