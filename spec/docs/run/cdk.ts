import { dynamoDbLocks } from 'stepfunc-source/locks/dynamodb';
import type { TestContext } from 'vitest';
import { expect } from 'vitest';
import type { TableV2 } from '../assumed/cdk.js';
import { dynamoDbClient } from '../../integration/locks/connect.js';
import { startTap } from '../../support/integration/tap.js';
import { write } from './folder.js';
import { alone } from './run.js';
import { blocksIn, startDynamoDb, tableOnCommandLine } from './stores.js';

/**
 * The table for locks in the CDK, run on a stand-in. It is the table that the page makes by
 * CloudFormation and by the command line. What is granted is what the page's policy allows, and what
 * locks on such a table make use of.
 */
export const cdk = alone(
  "the locks' table, and who may do what with it",
  async (block, context) => {
    const file = await write(block, context.onTestFinished);
    const { locksTable } = (await import(file)) as { locksTable: TableV2 };
    const { tableName, partitionKey, billing } = locksTable.props;
    const table = {
      TableName: tableName,
      BillingMode: billing,
      AttributeDefinitions: [
        { AttributeName: partitionKey.name, AttributeType: partitionKey.type },
      ],
      KeySchema: [{ AttributeName: partitionKey.name, KeyType: 'HASH' }],
    };
    expect(tableOnCommandLine()).toEqual(table);
    const cloudFormation = blocksIn('yaml').map(({ code }) => code);
    for (const [key, value] of Object.entries(table)) {
      expect(cloudFormation.join('\n')).toContain(`${key}: ${inYaml(value)}\n`);
    }

    expect(locksTable.granted).toHaveLength(1);
    const actions = locksTable.granted[0]?.actions.toSorted();
    const statements = blocksIn('json').flatMap(
      ({ code }) => (JSON.parse(code) as Policy).Statement,
    );
    expect(statements).toHaveLength(1);
    expect(statements[0]?.Resource).toMatch(new RegExp(`:table/${tableName}$`));
    expect(statements[0]?.Action.toSorted()).toEqual(actions);
    const called = await callsOfLocks(context);
    expect(called.map((operation) => `dynamodb:${operation}`)).toEqual(actions);
  },
);

interface Policy {
  Statement: { Action: string[]; Resource: string }[];
}

/** As the page writes it: a list of one object in flow style. */
function inYaml(value: string | Record<string, string>[]): string {
  if (typeof value === 'string') return value;
  const objects = value.map((object) =>
    Object.entries(object).map(([key, text]) => `${key}: ${text}`),
  );
  return `[${objects.map((fields) => `{ ${fields.join(', ')} }`).join(', ')}]`;
}

/** The operations that DynamoDB is asked for over a lock's life, a contender at its side. */
async function callsOfLocks({ onTestFinished }: TestContext): Promise<string[]> {
  const store = await startDynamoDb();
  onTestFinished(store.stop);
  const tap = await startTap(Number(new URL(store.url).port));
  onTestFinished(() => tap[Symbol.asyncDispose]());
  const client = await dynamoDbClient(tap.endpoint);
  onTestFinished(() => client.destroy());

  const locks = dynamoDbLocks({ client, tableName: tableOnCommandLine().TableName });
  const [lock, other] = [locks.createLock('poller', 30_000), locks.createLock('poller', 30_000)];
  expect(await lock.acquireImmediately()).toBe(true);
  expect(await other.acquireImmediately()).toBe(false);
  await lock.extend();
  await lock.release();
  const targets = tap
    .sent()
    .join('')
    .matchAll(/^x-amz-target: DynamoDB_\d+\.(\w+)/gim);
  return [...new Set([...targets].map(([, operation = '']) => operation))].sort();
}
