/** A list of checks under way: runs them one by one, prints a line for each and counts. */
export function createChecks() {
  let passed = 0;
  let failed = 0;
  return {
    /**
     * Runs one check. What it returns is what the rest works with, and its `note` is printed. Returns
     * undefined where it threw, which fails the check.
     */
    async run(name, perform) {
      try {
        const result = (await perform()) ?? {};
        passed += 1;
        console.log(`ok      ${name}${result.note === undefined ? '' : `: ${result.note}`}`);
        return result;
      } catch (error) {
        failed += 1;
        console.log(`FAILED  ${name}\n${indent(error.message)}`);
        return undefined;
      }
    },
    /** Prints the count. Returns the exit code. */
    finish() {
      console.log(`${passed} passed, ${failed} failed`);
      return failed === 0 ? 0 : 1;
    },
  };
}

function indent(text) {
  return text.trimEnd().replaceAll(/^/gm, '        ');
}
