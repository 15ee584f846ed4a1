import type {
  AttributeDefinition,
  CreateTableCommandInput,
  KeySchemaElement,
} from '@aws-sdk/client-dynamodb';
import { CreateTableCommand } from '@aws-sdk/client-dynamodb';
import createKnex from 'knex';
import { readPage } from '../pages.js';
import { dynamoDbClient, redisUrl } from '../../integration/locks/connect.js';
import * as engines from '../../integration/locks/engines.js';

/** A store as an example finds it: its whereabouts are in the environment. */
export interface Store {
  env: NodeJS.ProcessEnv;
  port: number;
  stop(): Promise<void>;
}

const page = readPage('docs/cluster.md');

/** A real one where there is one. */
export async function startRedis(): Promise<Store> {
  const { redis, redisInJavaScript } = engines;
  const { connection, stop } = await (
    redis.missing === undefined ? redis : redisInJavaScript
  ).start();
  return { env: { REDIS_URL: redisUrl(connection) }, port: connection.port, stop };
}

/** With the table that the page's SQL makes. */
export async function startPostgresql(): Promise<Store> {
  const { connection, stop } = await engines.postgresql.start();
  const { port } = connection;
  const url = `postgres://postgres:postgres@127.0.0.1:${port}/postgres`;
  const knex = createKnex({ client: 'pg', connection: url });
  for (const { code } of blocksIn('sql')) await knex.raw(code);
  await knex.destroy();
  return { env: { DATABASE_URL: url }, port, stop };
}

/** With the table that the page's command line makes. */
export async function startDynamoDb(): Promise<Store> {
  const { connection, stop } = await engines.dynamoDb.start();
  const { port } = connection;
  const client = await dynamoDbClient(port);
  await client.send(new CreateTableCommand(tableOnCommandLine()));
  client.destroy();
  return { env: { AWS_ENDPOINT_URL_DYNAMODB: `http://127.0.0.1:${port}` }, port, stop };
}

/** What the AWS CLI would send for the page's `aws dynamodb create-table`. */
export function tableOnCommandLine() {
  const commands = blocksIn('sh').filter(({ code }) => code.includes('create-table'));
  const option = (name: string) =>
    new RegExp(`--${name} (\\S+)`).exec(commands[0]?.code ?? '')?.[1] ?? '';
  const object = (name: string): unknown =>
    Object.fromEntries(
      option(name)
        .split(',')
        .map((pair) => pair.split('=')),
    );
  return {
    TableName: option('table-name'),
    BillingMode: option('billing-mode') as NonNullable<CreateTableCommandInput['BillingMode']>,
    AttributeDefinitions: [object('attribute-definitions') as AttributeDefinition],
    KeySchema: [object('key-schema') as KeySchemaElement],
  };
}

export function blocksIn(language: string) {
  return page.blocks.filter((block) => block.language === language);
}
