import { randomBytes } from 'node:crypto';
import {
  CreateStateMachineCommand,
  DeleteActivityCommand,
  DeleteStateMachineCommand,
  DescribeExecutionCommand,
  InvalidDefinition,
  SFNClient,
  StartExecutionCommand,
  StopExecutionCommand,
} from '@aws-sdk/client-sfn';
import { expect, TestRunner, vi } from 'vitest';

import { pointSdkAt } from '../support/integration/aws-environment.js';

/** How an execution ended: fields of DescribeExecution. */
export interface Ended {
  status: string;
  /** JSON text, where it succeeded. */
  output?: string | undefined;
  error?: string | undefined;
  cause?: string | undefined;
}

export interface Execution {
  /** Resolves once the execution has ended, in whatever way. */
  ended: Promise<Ended>;
  /** StopExecution. */
  stop(): Promise<void>;
}

export interface StepFunctionsLocal extends AsyncDisposable {
  /** A name that was never used: tasks that were lost to aborted polls of another test stay there. */
  activityName(purpose: string): string;
  /**
   * Creates a state machine and starts an execution of it. A machine that this version of the emulator
   * refuses skips the test. So each test has a machine of its own, with no more in it than it needs.
   */
  execute(definition: object, input: unknown): Promise<Execution>;
  /** Deletes an activity at the end. */
  deleteLater(activityArn: string): void;
}

/** It is never assumed. */
const roleArn = 'arn:aws:iam::123456789012:poller/stepfunc-source';

/**
 * Skips the test that runs, if this version of the emulator does not know what its machine needs.
 * Prints the test's name with the emulator's reason. Any other error is thrown on.
 */
function skipIfRefused(error: unknown): never {
  const test = TestRunner.getCurrentTest();
  if (!(error instanceof InvalidDefinition) || test === undefined) throw error;
  console.info(`SKIPPED, refused by this version: ${test.name}: ${error.message}`);
  test.context.skip(`refused by this version: ${error.message}`);
  throw error;
}

/** The Step Functions Local at SFN_LOCAL_URL. Points the default clients of sources there too. */
export function connect(): StepFunctionsLocal {
  const endpoint = process.env['SFN_LOCAL_URL'];
  if (endpoint === undefined || endpoint === '') {
    throw new Error('Set SFN_LOCAL_URL, or see `npm run test:sfn-local`');
  }
  pointSdkAt(endpoint, process.env['AWS_REGION'] ?? 'us-east-1');
  const client = new SFNClient();
  const suffix = randomBytes(4).toString('hex');
  const machines: string[] = [];
  const activities: string[] = [];

  async function endOf(executionArn: string | undefined): Promise<Ended> {
    const look = async () => {
      const { status, output, error, cause } = await client.send(
        new DescribeExecutionCommand({ executionArn }),
      );
      expect(status).not.toBe('RUNNING');
      return { status: String(status), output, error, cause };
    };
    return vi.waitFor(look, { timeout: 120_000, interval: 200 });
  }

  return {
    activityName: (purpose) => `${purpose}-${suffix}`,

    async execute(definition, input) {
      const name = `stepfunc-source-${suffix}-${machines.length}`;
      const { stateMachineArn } = await client
        .send(
          new CreateStateMachineCommand({ name, roleArn, definition: JSON.stringify(definition) }),
        )
        .catch(skipIfRefused);
      if (stateMachineArn !== undefined) machines.push(stateMachineArn);
      const { executionArn } = await client.send(
        new StartExecutionCommand({ stateMachineArn, input: JSON.stringify(input) }),
      );
      return {
        ended: endOf(executionArn),
        async stop() {
          await client.send(new StopExecutionCommand({ executionArn }));
        },
      };
    },

    deleteLater: (activityArn) => void activities.push(activityArn),

    async [Symbol.asyncDispose]() {
      for (const stateMachineArn of machines) {
        await client.send(new DeleteStateMachineCommand({ stateMachineArn }));
      }
      for (const activityArn of activities) {
        await client.send(new DeleteActivityCommand({ activityArn }));
      }
      client.destroy();
      vi.unstubAllEnvs();
    },
  };
}
