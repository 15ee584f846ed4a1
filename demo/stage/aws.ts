import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import {
  CreateStateMachineCommand,
  DeleteActivityCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { stateMachine } from './state-machine.js';
import type { Outcome, StepFunctions } from './step-functions.js';
import { NotReady } from './step-functions.js';

const ROLE = 'STEPFUNC_DEMO_ROLE_ARN';
const LOOK_EVERY_MS = 2_000;

/**
 * Step Functions itself, in the account of whoever runs the demo. Creates two activities and a state
 * machine, with names that nobody else has, and deletes them at the end.
 *
 * Throws a NotReady, before anything is created, where the credentials, the region or the poller are
 * missing.
 */
export async function startOnAws(): Promise<StepFunctions> {
  const client = new SFNClient();
  const roleArn = await checkReady(client);
  const name = `stepfunc-source-demo-${randomBytes(4).toString('hex')}`;
  let stateMachineArn: string | undefined;

  async function execute(input: unknown, signal: AbortSignal): Promise<Outcome> {
    const { executionArn } = await client.send(
      new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
    );
    for (;;) {
      const { status, output, error, cause } = await client.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      if (isEnd(status)) return { status, output, error, cause };
      if (signal.aborted) await client.send(new StopExecutionCommand({ executionArn }));
      await sleep(LOOK_EVERY_MS);
    }
  }

  async function cleanUp(activityArns: readonly string[]): Promise<void> {
    if (stateMachineArn !== undefined) {
      await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
    }
    for (const activityArn of activityArns) {
      await client.send(new DeleteActivityCommand({ activityArn }));
    }
    client.destroy();
  }

  return {
    description: `AWS, ${await client.config.region()}; creates and deletes ${name} and its activities`,
    activityNames: { split: `${name}-split`, sum: `${name}-sum` },
    async prepare(arns) {
      const created = await client.send(
        new CreateStateMachineCommand({
          name,
          roleArn,
          definition: JSON.stringify(stateMachine(arns)),
        }),
      );
      stateMachineArn = created.stateMachineArn;
    },
    execute,
    cleanUp,
  };
}

function isEnd(status: string | undefined): status is Outcome['status'] {
  return status !== 'RUNNING' && status !== 'PENDING_REDRIVE';
}

async function checkReady(client: SFNClient): Promise<string> {
  const missing: string[] = [];
  const try_ = async (what: () => Promise<unknown>, advice: string) => {
    try {
      await what();
    } catch (error) {
      missing.push(`- ${advice}\n  (the SDK says: ${String(error)})`);
    }
  };
  await try_(() => client.config.region(), 'a region: set AWS_REGION');
  await try_(
    () => client.config.credentials(),
    'credentials: any that the AWS SDK finds, for example by AWS_PROFILE',
  );
  const roleArn = process.env[ROLE];
  if (roleArn === undefined || roleArn === '') missing.push(`- ${roleAdvice}`);
  if (missing.length === 0 && roleArn !== undefined) return roleArn;
  throw new NotReady(
    `--aws runs the demo in your own AWS account. Nothing was created; it still needs\n${missing.join('\n')}`,
  );
}

const trust = {
  Version: '2012-10-17',
  Statement: [
    {
      Effect: 'Allow',
      Principal: { Service: 'states.amazonaws.com' },
      Action: 'sts:AssumeRole',
    },
  ],
};

const roleAdvice = `a role for the state machine: set ${ROLE} to the ARN of one that Step Functions may
  assume. It needs no permissions, since activities need none. To make one:
    aws iam create-poller --poller-name stepfunc-source-demo --assume-poller-policy-document \\
      '${JSON.stringify(trust)}'`;
