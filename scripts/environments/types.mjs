import { cpSync } from 'node:fs';
import { fileURLToPath } from 'node:url';

const SOURCES = fileURLToPath(new URL('../package/project', import.meta.url));

/** How TypeScript looks for types: in Node's own modes a project's type tells which it finds. */
const MODES = {
  node16: { module: 'Node16', moduleResolution: 'Node16' },
  nodenext: { module: 'NodeNext', moduleResolution: 'NodeNext' },
  bundler: { module: 'ESNext', moduleResolution: 'Bundler' },
  node10: { module: 'CommonJS', moduleResolution: 'Node', esModuleInterop: false },
};

/** The kinds of project that have a mode, unless both have it. */
const TYPES = { bundler: ['module'], node10: ['commonjs'] };

/**
 * A step: compiles a strict program that names every export, in one mode of resolution. It is compiled
 * as an ES module and as CommonJS, and every declaration file is checked too.
 */
export function typesBy(mode) {
  return {
    name: `types by ${mode}`,
    async perform(project) {
      for (const name of ['no-peers.ts', 'peers.ts'])
        cpSync(`${SOURCES}/${name}`, project.path(name));
      for (const type of TYPES[mode] ?? ['module', 'commonjs']) {
        project.edit('package.json', (manifest) => ({ ...manifest, type }));
        project.write('tsconfig.json', JSON.stringify(configOf(MODES[mode])));
        await project.run('tsc', ['-p', '.']);
      }
    },
  };
}

function configOf(mode) {
  return {
    compilerOptions: {
      ...mode,
      target: 'ES2022',
      lib: ['ES2022'],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
    },
    files: ['no-peers.ts', 'peers.ts'],
  };
}
