import { join } from 'node:path';
import { root, runTool } from './run.mjs';

/** Compiles files of a scratch project as a strict project of Node's would, declarations checked too. */
export function compile(project, mode, files) {
  const config = {
    compilerOptions: {
      ...mode,
      target: 'ES2022',
      lib: ['ES2022'],
      strict: true,
      exactOptionalPropertyTypes: true,
      skipLibCheck: false,
      noEmit: true,
      types: ['node'],
      typeRoots: [join(root, 'node_modules', '@types')],
    },
    files,
  };
  project.write('tsconfig.json', JSON.stringify(config));
  runTool('tsc', ['-p', project.folder]);
}
