/**
 * Checks the models of this folder with spin, exhaustively: each claim holds, and breaks without the
 * assumption that it rests on. Prints a table. Exits with 1 when one of them comes out otherwise.
 * Without spin and a C compiler it says so and exits with 0.
 *
 *     apt-get install spin gcc
 *     node docs/models/check.mjs
 */
import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

const model = fileURLToPath(new URL('lease.pml', import.meta.url));
const urgent = { URGENT: 1, TRIES: 0 };
const slowClock = { TTL: 10, MISSES: 10, TRIES: 2 };

/** What is checked, with what, and whether the claim is to hold. */
const checks = [
  ['A poll is sent only while the store says that the lease is ours', {}, true],
  ['… also when the machine is suspended', { SUSPENDS: 1, TRIES: 2 }, true],
  ['… also when the clock is slower by a tenth', slowClock, true],
  ['not when it is slower by a fifth', { ...slowClock, MISSES: 5 }, false],
  ['not without the margin of a tenth', { ...slowClock, MARGIN: 0 }, false],
  ['not when validity counts from the response', { FROM_REQUEST: 0 }, false],
  ['not when all tries have one owner', { OWN_NAME: 0 }, false],
  ['not by the monotonic clock alone, suspended', { SUSPENDS: 1, BOTH_CLOCKS: 0 }, false],
  ['not by a timer alone', { CHECK_HELD: 0 }, false],
  ['not when the store forgets its last write', { FORGETS: 1 }, false],
  ['Two lost calls lose no lease', { ...urgent, TTL: 24, LOSSES: 2, KEEPS: 1 }, true],
  ['three may', { ...urgent, TTL: 24, LOSSES: 3, KEEPS: 1 }, false],
  [
    'one may when calls have no bound',
    { ...urgent, TTL: 24, LOSSES: 1, KEEPS: 1, CALL_BOUND: 0 },
    false,
  ],
  [
    'A dead holder is replaced within 4/3 ttl',
    { ...urgent, DIED: 1, LOSSES: 0, TAKEN_WITHIN: 16 },
    true,
  ],
  [
    'not when it is tried for once a ttl',
    { ...urgent, DIED: 1, LOSSES: 0, TAKEN_WITHIN: 16, TRY_EVERY: 12 },
    false,
  ],
  [
    'A poller whose lease is lost before it listens, ends',
    { ...urgent, BLOCKS: 1, LOSSES: 0 },
    true,
  ],
  [
    'not when it overlooks an aborted signal',
    { ...urgent, BLOCKS: 1, LOSSES: 0, SEES_ABORTED: 0 },
    false,
  ],
];

const missing = [
  ['spin', '-V'],
  ['gcc', '--version'],
].find(([command, version]) => spawnSync(command, [version]).error);
if (missing) {
  console.log(`skipped: ${missing[0]} is not installed`);
} else {
  const folder = mkdtempSync(join(tmpdir(), 'models-'));
  try {
    let wrong = 0;
    for (const [claim, parameters, shouldHold] of checks) {
      const { holds, states, seconds } = check(folder, parameters);
      if (holds !== shouldHold) wrong += 1;
      const verdict = `${holds ? 'holds ' : 'breaks'}${holds === shouldHold ? '' : '  UNEXPECTED'}`;
      console.log(`${verdict}  ${claim} (${states} states, ${seconds} s)`);
    }
    if (wrong > 0) process.exitCode = 1;
  } finally {
    rmSync(folder, { recursive: true });
  }
}

/** Has spin look at every state that can be reached with these parameters. */
function check(folder, parameters) {
  const startedAt = Date.now();
  const defines = Object.entries(parameters).map(([name, value]) => `-D${name}=${value}`);
  run(folder, 'spin', [...defines, '-a', model]);
  run(folder, 'gcc', ['-O2', '-DSAFETY', '-DCOLLAPSE', '-o', 'pan', 'pan.c']);
  const output = run(folder, './pan', ['-m1000000']);
  const [, errors] = /errors: (\d+)/.exec(output) ?? [];
  const [, states] = /(\d+) states, stored/.exec(output) ?? [];
  if (errors === undefined || /max search depth too small|out of memory/.test(output)) {
    throw new Error(`The search was not complete:\n${output}`);
  }
  const seconds = ((Date.now() - startedAt) / 1000).toFixed(1);
  return { holds: errors === '0', states, seconds };
}

function run(cwd, command, commandArguments) {
  const { status, stdout, stderr, error } = spawnSync(command, commandArguments, {
    cwd,
    encoding: 'utf8',
  });
  if (error || status !== 0) throw error ?? new Error(`${command}: ${stdout}${stderr}`);
  return stdout;
}
