/**
 * `npm run check:api`: builds, and compares what each entry point exports with docs/api/<entry>.api.md, so
 * that a change of the public types shows in a review. `--write` writes the reports anew.
 */
import { mkdirSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { Extractor, ExtractorConfig, ExtractorLogLevel } from '@microsoft/api-extractor';
import { root, run } from './package/run.mjs';

const FOLDER = join(root, 'docs', 'api');
const write = process.argv.includes('--write');

run('npm', ['run', 'build']);
const { exports } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
const entries = Object.entries(exports).filter(([, target]) => typeof target === 'object');

mkdirSync(FOLDER, { recursive: true });
const changed = entries.filter(([entry, target]) => differs(nameOf(entry), target.require.types));
const names = entries.map(([entry]) => `${nameOf(entry)}.api.md`);
const left = readdirSync(FOLDER).filter((file) => !names.includes(file));
if (write) for (const file of left) rmSync(join(FOLDER, file));
else for (const file of left) console.log(`docs/api/${file} is of no entry point`);

for (const [entry] of changed)
  console.log(`${write ? 'wrote' : 'changed'}: docs/api/${nameOf(entry)}.api.md`);
const failed = write ? 0 : changed.length + left.length;
if (failed > 0)
  console.log('The public types differ from their reports: npm run check:api -- --write');
process.exitCode = failed === 0 ? 0 : 1;

/** `./locks/redis` is `locks-redis`, and `.` is `index`. */
function nameOf(entry) {
  return entry === '.' ? 'index' : entry.slice(2).replaceAll('/', '-');
}

function differs(name, types) {
  const config = ExtractorConfig.prepare({
    packageJsonFullPath: join(root, 'package.json'),
    configObjectFullPath: undefined,
    configObject: {
      projectFolder: root,
      mainEntryPointFilePath: join(root, types),
      compiler: {
        overrideTsconfig: {
          compilerOptions: {
            module: 'NodeNext',
            moduleResolution: 'NodeNext',
            target: 'ES2022',
            lib: ['ES2023', 'ESNext.Disposable'],
            types: ['node'],
            strict: true,
            skipLibCheck: true,
          },
          files: [join(root, types)],
        },
      },
      apiReport: {
        enabled: true,
        reportFolder: FOLDER,
        reportTempFolder: join(root, 'dist', 'api'),
        reportFileName: name,
      },
      docModel: { enabled: false },
      dtsRollup: { enabled: false },
      tsdocMetadata: { enabled: false },
      messages: {
        extractorMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
        tsdocMessageReporting: { default: { logLevel: ExtractorLogLevel.None } },
      },
    },
  });
  const { apiReportChanged } = Extractor.invoke(config, {
    localBuild: write,
    messageCallback: (message) => void (message.handled = true),
  });
  return apiReportChanged;
}
