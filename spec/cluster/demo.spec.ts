import { expect, it } from 'vitest';
import { runDemo } from '../support/demo/run-demo.js';
import { until } from '../support/integration/until.js';

const FILE = 'demo-cluster.ts';

/** What is to be read, in this order. */
const story = [
  /^12 tasks at a time over all instances: 4 pollers of 3; a lease lives for 1\.5 s$/m,
  /--- three instances are started together: they share the pollers/,
  /\d\.\d s {2}(one|two|three) holds poller [0-3]/,
  // All 12 may not be at work at the moment of a line. The end says how many ever were.
  / {2}\d+ of 12 at work, \d+ done$/m,
  /--- (one|two|three) is killed \(kill -9\): pollers? [0-3].* must run elsewhere within 2\.0 s/,
  /--- all pollers run again, after \d\.\d s/,
  /--- four is started in its place/,
  /--- (one|two|three) is stopped/,
  /(one|two|three) has given back poller [0-3]/,
  /--- there were (?:1[2-9]|[2-9]\d) tasks at the component at most, of 12 allowed/,
  /--- the last tasks run, then all instances are stopped/,
  /^\d+ tasks done; \d+ were lost with the one that was killed/m,
  /^exit codes of those that were stopped: 0, 0, 0$/m,
];

it.concurrent(
  'the demo shows its story, writes it to a file too, and ends by itself',
  { timeout: 120_000 },
  async ({ onTestFinished }) => {
    const options = { args: ['--ttl', '1500'], byTsx: true };
    const { code, stdout, stderr } = await runDemo(FILE, onTestFinished, options).ended;
    expect(stderr).toBe('');
    expect(code).toBe(0);
    let rest = stdout;
    for (const part of story) {
      const found = part.exec(rest);
      if (found === null) expect.fail(`${String(part)} is not in what follows:\n${rest}`);
      rest = rest.slice(found.index + found[0].length);
    }
    // Nothing that only a terminal understands.
    expect(stdout).not.toContain('\u001b');
  },
);

it.concurrent(
  'the demo ends all its processes at Ctrl+C, with the exit code of one that was interrupted',
  { timeout: 120_000 },
  async ({ onTestFinished }) => {
    const run = runDemo(FILE, onTestFinished);
    await until(() => expect(run.stdout()).toMatch(/holds poller/));
    run.interrupt();
    const { code, stderr, stdout } = await run.ended;
    expect({ code, stderr }).toEqual({ code: 130, stderr: '' });
    expect(stdout).toMatch(/^exit codes of those that were stopped: 0, 0, 0$/m);
  },
);

it('the demo says what is wrong with an argument, and starts nothing', async ({
  onTestFinished,
}) => {
  const { code, stdout, stderr } = await runDemo(FILE, onTestFinished, {
    args: ['--ttl', '10'],
  }).ended;
  expect(code).toBe(1);
  expect(stderr).toContain('--ttl: expected a whole number of milliseconds from 1,000, got 10');
  expect(stdout).toBe('');
});
