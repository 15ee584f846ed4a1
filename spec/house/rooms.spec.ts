import { fileURLToPath } from 'node:url';
import { ESLint } from 'eslint';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** One for all tests: each loads its configuration anew. */
const eslint = new ESLint({
  cwd: root,
  // These rules need no types, and types take a minute on a busy machine.
  overrideConfig: { languageOptions: { parserOptions: { projectService: false } } },
  ruleFilter: ({ ruleId }) => /^import-x\/|no-restricted-/.test(ruleId),
});

/** The rules of imports and of time that a module of `lib/<file>` with this code would break. */
async function brokenRules(file: string, code: string): Promise<string[]> {
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

describe(
  'the rule of time: all of it comes from the clock of a source',
  { timeout: 120_000 },
  () => {
    it.each([
      ['a timer', 'setTimeout(() => undefined, 1);', 'no-restricted-globals'],
      ['a turn of the loop', 'setImmediate(() => undefined);', 'no-restricted-globals'],
      ['a moment', 'performance.now();', 'no-restricted-properties'],
      ['a moment of the wall clock', 'Date.now();', 'no-restricted-properties'],
      ['a moment as a Date', 'new Date();', 'no-restricted-syntax'],
      ['chance', 'Math.random();', 'no-restricted-properties'],
      ['a signal with a timer in it', 'AbortSignal.timeout(1);', 'no-restricted-properties'],
      [
        'a timer of Node',
        "import { setTimeout } from 'node:timers/promises';\nawait setTimeout(1);",
        'no-restricted-imports',
      ],
      [
        'a timer of abort-controller-x',
        "import { delay } from 'abort-controller-x';\nawait delay(signal, 1);",
        'no-restricted-imports',
      ],
      [
        "the process's clock",
        "import { systemClock } from '../async/clock.js';\nsystemClock.wall();",
        'no-restricted-imports',
      ],
    ])('refuses %s', async (_, code, rule) => {
      expect(await brokenRules('task/report.ts', code)).toEqual([rule]);
    });

    it('takes another Date, and a clock that was handed over', async () => {
      const code = "import type { Clock } from '../async/clock.js';\nnew Date(1_000);";
      expect(await brokenRules('task/report.ts', code)).toEqual([]);
    });
  },
);
