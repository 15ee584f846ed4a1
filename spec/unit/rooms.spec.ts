import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** The rules of imports that a module of `lib/<file>` with this code would break. */
async function brokenRules(file: string, code: string): Promise<string[]> {
  const eslint = new ESLint({
    cwd: root,
    // These rules need no types, and types take a minute on a busy machine.
    overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
    ruleFilter: ({ ruleId }) => /^import-x\/|no-restricted-imports$/.test(ruleId),
  });
  const [result] = await eslint.lintText(code, { filePath: `${root}/lib/${file}` });
  return (result?.messages ?? []).map(({ ruleId, message }) => ruleId ?? message);
}

describe('the rule of imports', { timeout: 120_000 }, () => {
  it.each([
    ['a room below', 'polling/poller.ts', "import '../async/timer.js';", []],
    [
      'a room above',
      'async/clock.ts',
      "import '../sfn/errors.js';",
      ['import-x/no-restricted-paths'],
    ],
    [
      'a room on the same floor',
      'sfn/errors.ts',
      "import '../leases/lease.js';",
      ['import-x/no-restricted-paths'],
    ],
    [
      'a module that imports this one',
      'async/timer.ts',
      "import './timeout.js';",
      ['import-x/no-cycle'],
    ],
    [
      'the AWS SDK outside of sfn',
      'task/report.ts',
      "import { SFNClient } from '@aws-sdk/client-sfn';\nnew SFNClient();",
      ['@typescript-eslint/no-restricted-imports'],
    ],
  ])('on %s', async (_, file, code, rules) => {
    expect(await brokenRules(file, code)).toEqual(rules);
  });
});
