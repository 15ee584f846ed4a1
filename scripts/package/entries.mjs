/** Prints the names that an entry point exports, to `require` and to `import`. */
const PRINT_NAMES = `
  const [entry] = process.argv.slice(1);
  const required = Object.keys(require(entry)).sort();
  import(entry).then((namespace) => {
    const imported = Object.keys(namespace).sort();
    console.log(JSON.stringify({ required, imported }));
  });
`;

/** Prints whether zod is loaded after the import of the package, and after its first config. */
const PRINT_ZOD = `
  const isLoaded = () => Object.keys(require.cache).some((file) => /[/\\\\]zod[/\\\\]/.test(file));
  const load = { require: () => require('stepfunc-source'), import: () => import('stepfunc-source') };
  Promise.resolve(load[process.argv[1]]()).then(({ createStepFuncSource }) => {
    const afterImport = isLoaded();
    createStepFuncSource({ activityName: 'a', path: '/a' }, fetch);
    console.log(JSON.stringify({ afterImport, afterConfig: isLoaded() }));
  });
`;

/** Every entry point but those excepted loads by `require` and by `import`, with the same names. */
export function checkEntries(project, except) {
  const entries = project.entries().filter((entry) => !except.includes(entry));
  for (const entry of entries) {
    const { required, imported } = JSON.parse(printNames(project, entry));
    if (required.length === 0 || String(required) !== String(imported)) {
      throw new Error(`${entry}: require gives [${required}], import gives [${imported}]`);
    }
  }
  return { note: entries.join(', ') };
}

/** The import of the package leaves zod alone, since that takes longer than all the rest of it. */
export function checkZodWaits(project) {
  for (const way of ['require', 'import']) {
    const { afterImport, afterConfig } = JSON.parse(runCommonJs(project, PRINT_ZOD, way));
    if (afterImport) throw new Error(`${way} of the package loads zod before there is a config`);
    if (!afterConfig)
      throw new Error(`${way}: zod was not seen, even after a config; mend the check`);
  }
}

/** An entry point fails without its optional peer, by an error that names the peer. */
export function checkNeedsPeer(project, entry, peer) {
  let failure;
  try {
    printNames(project, entry);
  } catch (error) {
    failure = error.message;
  }
  if (failure === undefined) throw new Error(`${entry} loads without ${peer}`);
  if (!failure.includes(`Cannot find module '${peer}'`)) throw new Error(failure);
}

function printNames(project, entry) {
  return runCommonJs(project, PRINT_NAMES, entry);
}

function runCommonJs(project, code, argument) {
  // CommonJS has to do without Node's own way to require an ES module: not everybody has it on.
  const flags = ['--no-experimental-require-module', '--input-type=commonjs'];
  return project.node(...flags, '--eval', code, argument);
}
