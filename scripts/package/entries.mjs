/** Prints the names that an entry point exports, to `require` and to `import`. */
const PRINT_NAMES = `
  const [entry] = process.argv.slice(1);
  const required = Object.keys(require(entry)).sort();
  import(entry).then((namespace) => {
    const imported = Object.keys(namespace).sort();
    console.log(JSON.stringify({ required, imported }));
  });
`;

/** The packages that an import of the package leaves alone, since they take longer than all the rest. */
const LATE = ['abort-controller-x', 'zod'];

/** Prints which of them are loaded after the import of the package, and after each has been used. */
const PRINT_LOADED = `
  const [way, ...late] = process.argv.slice(1);
  const isLoaded = (name) => Object.keys(require.cache).some((file) =>
    file.replaceAll('\\\\', '/').includes('/node_modules/' + name + '/'));
  const load = { require: () => require('stepfunc-source'), import: () => import('stepfunc-source') };
  Promise.resolve(load[way]()).then(async ({ createStepFuncSource }) => {
    const afterImport = late.filter(isLoaded);
    const client = { send: () => Promise.reject(new TypeError('not there')) };
    const source = createStepFuncSource({ activityName: 'a', path: '/a' }, fetch, { client });
    await source.start().catch(() => {});
    console.log(JSON.stringify({ afterImport, afterStart: late.filter(isLoaded) }));
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

/** The import of the package loads none of these packages. The first start does. */
export function checkLate(project) {
  for (const way of ['require', 'import']) {
    const { afterImport, afterStart } = JSON.parse(
      runCommonJs(project, PRINT_LOADED, way, ...LATE),
    );
    if (afterImport.length > 0) throw new Error(`${way} of the package loads ${afterImport}`);
    if (String(afterStart) !== String(LATE)) {
      throw new Error(`${way}: a start was seen to load ${afterStart}; mend the check`);
    }
  }
  return { note: LATE.join(', ') };
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

function runCommonJs(project, code, ...args) {
  // CommonJS has to do without Node's own way to require an ES module: not everybody has it on.
  const flags = ['--no-experimental-require-module', '--input-type=commonjs'];
  return project.node(...flags, '--eval', code, ...args);
}
