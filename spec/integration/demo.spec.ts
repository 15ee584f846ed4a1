import { describe, it } from 'vitest';
import { runDemo } from '../support/demo/run-demo.js';
import { startStateMachines } from '../support/demo/state-machines.js';
import { awsEnvironment } from '../support/integration/aws-environment.js';
import { until } from '../support/integration/until.js';

const ROLE = 'arn:aws:iam::123456789012:role/demo';

const onAws = (endpoint: string) => ({
  ...awsEnvironment(endpoint),
  STEPFUNC_DEMO_ROLE_ARN: ROLE,
});

/** The lines that both ways of running it share. */
const story = [
  /^ {2}input +status +output, or error and cause$/m,
  /^ {2}100 101 … 111 +SUCCEEDED {2}\[303,312,321,330\]$/m,
  /^ {2}1 2 three +FAILED {5}NotANumber: 'three' is not a whole number$/m,
  /^ {2}11 12 13 14 +FAILED {5}StepFuncSource\.Timeout: The component did not answer/m,
  /^ {2}As planned: two fail/m,
  // The last frame says the same as status().
  /split +\[\.\] +13 done +1 failed .* \[\.{5}\] \[\.{5}\] +49 done +1 failed .* 14 of 14 ended\n\n/,
  /^ {2}split +running {2}\[\.\] +14 +13 +1 +0 +0$/m,
  /^ {2}sum +running {2}\[\.{5}\] \[\.{5}\] +50 +49 +1 +0 +0$/m,
  /^ {2}source +succeeded {2}failed {2}lost {2}abandoned polls\n {2}split +0 +0 +0 +0\n {2}sum +0 +0 +0 +0$/m,
  /^What to do next\n\n {2}npm run demo:cluster/m,
];

describe.concurrent('the demo', { timeout: 120_000 }, () => {
  it('runs on this machine alone, and ends by itself with exit code 0', async (context) => {
    const { expect } = context;
    const { code, stdout, stderr } = await runDemo('demo.ts', context.onTestFinished, {
      byTsx: true,
    }).ended;
    expect(stderr).toBe('');
    for (const line of story) expect(stdout).toMatch(line);
    expect(stdout.match(/^ {2}\d.* SUCCEEDED {2}/gm)).toHaveLength(12);
    // Whatever is printed as it is in memory.
    expect(stdout).not.toMatch(/[{}]|undefined/);
    expect(stdout).toMatch(/\d s {2}split .* sum .* executions .* \d+ of 14 ended$/m);
    expect(stdout).not.toContain('trouble');
    expect(code).toBe(0);
  });

  it('does the same on AWS, and deletes what it has created', async (context) => {
    const { expect } = context;
    await using aws = await startStateMachines(1_000);
    const { code, stdout, stderr } = await runDemo('demo.ts', context.onTestFinished, {
      args: ['--aws'],
      env: onAws(aws.endpoint),
    }).ended;
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
    const run = runDemo('demo.ts', context.onTestFinished, {
      args: ['--aws'],
      env: onAws(aws.endpoint),
    });
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

  it('says what it needs if AWS can not be had, and creates nothing', async (context) => {
    const { expect } = context;
    const { code, stdout, stderr } = await runDemo('demo.ts', context.onTestFinished, {
      args: ['--aws'],
    }).ended;
    expect(stderr).toContain('- a region: set AWS_REGION');
    expect(stderr).toContain('- credentials:');
    expect(stderr).toContain('set STEPFUNC_DEMO_ROLE_ARN');
    expect(stdout).toBe('');
    expect(code).toBe(1);
  });

  it('names an argument that it does not know', async (context) => {
    const { expect } = context;
    const { code, stderr } = await runDemo('demo.ts', context.onTestFinished, {
      args: ['--asw'],
    }).ended;
    expect(stderr).toContain('Unknown argument --asw; the only one there is: --aws');
    expect(code).toBe(1);
  });
});
