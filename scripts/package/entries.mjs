/** Prints the names that an entry point exports, to `require` and to `import`. */
const PRINT_NAMES = `
  const [entry] = process.argv.slice(1);
  const required = Object.keys(require(entry)).sort();
  import(entry).then((namespace) => {
    const imported = Object.keys(namespace).sort();
    console.log(JSON.stringify({ required, imported }));
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
  // CommonJS has to do without Node's own way to require an ES module: not everybody has it on.
  const flags = ['--no-experimental-require-module', '--input-type=commonjs'];
  return project.node(...flags, '--eval', PRINT_NAMES, entry);
}
