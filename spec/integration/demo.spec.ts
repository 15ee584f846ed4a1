import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { TestContext } from 'vitest';
import { describe, it } from 'vitest';
import { startStateMachines } from '../support/demo/state-machines.js';
import { awsEnvironment } from '../support/integration/aws-environment.js';
import { until } from '../support/integration/until.js';

const demo = fileURLToPath(new URL('../../demo/demo.ts', import.meta.url));
const ROLE = 'arn:aws:iam::123456789012:role/demo';

interface Run {
  stdout(): string;
  interrupt(): void;
  ended: Promise<{ code: number | null; stdout: string; stderr: string }>;
}

function runDemo(
  { onTestFinished }: TestContext,
  args: string[],
  env: NodeJS.ProcessEnv = {},
): Run {
  const child = spawn(process.execPath, ['--import', 'tsx', demo, ...args], {
    stdio: ['ignore', 'pipe', 'pipe'],
    // Nothing of whoever runs the tests: neither their AWS set-up nor what the test runner sets.
    env: {
      PATH: process.env['PATH'],
      HOME: '/nonexistent',
      AWS_EC2_METADATA_DISABLED: 'true',
      ...env,
    },
  });
  // A demo that does not end fails the test, and must not outlive it.
  onTestFinished(() => void child.kill('SIGKILL'));
  let stdout = '';
  let stderr = '';
  child.stdout.on('data', (data: Buffer) => (stdout += data.toString()));
  child.stderr.on('data', (data: Buffer) => (stderr += data.toString()));
  return {
    stdout: () => stdout,
    interrupt: () => void child.kill('SIGINT'),
    ended: once(child, 'close').then(([code]) => ({ code: code as number | null, stdout, stderr })),
  };
}

const onAws = (endpoint: string) => ({
  ...awsEnvironment(endpoint),
  STEPFUNC_DEMO_ROLE_ARN: ROLE,
});

/** The lines that both ways of running it share. */
const story = [
  /^ {2}SUCCEEDED {2}100 101 102 103 104 105 106 107 108 109 110 111 {2}-> {2}\[303,312,321,330\]$/m,
  /^ {2}FAILED {5}1 2 three\n {13}error {2}NotANumber\n {13}cause {2}'three' is not a whole number$/m,
  /^ {2}FAILED {5}11 12 13 14\n {13}error {2}StepFuncSource\.Timeout\n {13}cause {2}The component did not answer within 3000 ms/m,
  /^status\(\) of split: \{\n {2}state: 'running'/m,
  / {2}received: 14,\n {2}succeeded: 13,\n {2}failed: 1,\n {2}lost: 0,/,
  / {2}received: 50,\n {2}succeeded: 49,\n {2}failed: 1,\n {2}lost: 0,/,
  /^stop\(\) of split: \{ finished: 0, failed: 0, abandonedPolls: 0, lost: 0 \}$/m,
  /^stop\(\) of sum: {3}\{ finished: 0, failed: 0, abandonedPolls: 0, lost: 0 \}$/m,
];

describe.concurrent('the demo', { timeout: 120_000 }, () => {
  it('runs on this machine alone, and ends by itself with exit code 0', async (context) => {
    const { expect } = context;
    const { code, stdout, stderr } = await runDemo(context, []).ended;
    expect(stderr).toBe('');
    for (const line of story) expect(stdout).toMatch(line);
    expect(stdout.match(/^ {2}SUCCEEDED/gm)).toHaveLength(12);
    expect(stdout).toMatch(/\d s {2}split .* sum .* executions .* \d+ of 14 ended$/m);
    expect(stdout).not.toContain('trouble');
    expect(code).toBe(0);
  });

  it('does the same on AWS, and deletes what it has created', async (context) => {
    const { expect } = context;
    await using aws = await startStateMachines(1_000);
    const { code, stdout, stderr } = await runDemo(context, ['--aws'], onAws(aws.endpoint)).ended;
    expect(stderr).toBe('');
    for (const line of story) expect(stdout).toMatch(line);
    expect(code).toBe(0);

    const created = aws.calls.find(({ operation }) => operation === 'CreateStateMachine')?.input;
    expect(created).toMatchObject({
      name: expect.stringMatching(/^stepfunc-source-demo-[0-9a-f]{8}$/) as string,
      roleArn: ROLE,
    });
    const arn = (kind: string, suffix = '') =>
      `arn:aws:states:us-east-1:123456789012:${kind}:${created?.['name']}${suffix}`;
    expect(aws.calls.slice(-3)).toEqual([
      { operation: 'DeleteStateMachine', input: { stateMachineArn: arn('stateMachine') } },
      { operation: 'DeleteActivity', input: { activityArn: arn('activity', '-split') } },
      { operation: 'DeleteActivity', input: { activityArn: arn('activity', '-sum') } },
    ]);
  });

  it('interrupted, stops the executions and deletes what it has created', async (context) => {
    const { expect } = context;
    await using aws = await startStateMachines(1_000);
    const run = runDemo(context, ['--aws'], onAws(aws.endpoint));
    await until(() => expect(aws.sfn.calls('SendTaskSuccess')).toBeGreaterThan(0));
    run.interrupt();
    const { code } = await run.ended;
    const operations = aws.calls.map(({ operation }) => operation);
    expect(operations).toContain('StopExecution');
    expect(operations.slice(-3)).toEqual([
      'DeleteStateMachine',
      'DeleteActivity',
      'DeleteActivity',
    ]);
    expect(code).toBe(130);
  });

  it('says what it needs where AWS can not be had, and creates nothing', async (context) => {
    const { expect } = context;
    const { code, stdout, stderr } = await runDemo(context, ['--aws']).ended;
    expect(stderr).toContain('- a region: set AWS_REGION');
    expect(stderr).toContain('- credentials:');
    expect(stderr).toContain('set STEPFUNC_DEMO_ROLE_ARN');
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('tells of an argument that it does not know', async (context) => {
    const { expect } = context;
    const { code, stderr } = await runDemo(context, ['--asw']).ended;
    expect(stderr).toContain('Unknown argument --asw; the only one there is: --aws');
    expect(code).toBe(1);
  });
});
