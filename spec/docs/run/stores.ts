import type {
  AttributeDefinition,
  CreateTableCommandInput,
  KeySchemaElement,
} from '@aws-sdk/client-dynamodb';
import { readPage } from '../pages.js';
import type { Engine } from '../../integration/locks/engines.js';
import * as engines from '../../integration/locks/engines.js';

/** A store as an example finds it: its whereabouts are in the environment. */
export interface Store {
  env: NodeJS.ProcessEnv;
  url: string;
  stop(): Promise<void>;
}

const page = readPage('docs/cluster.md');

export const startRedis = () => startStore(engines.redis, 'REDIS_URL');
export const startPostgresql = () => startStore(engines.postgresql, 'DATABASE_URL');
export const startMysql = () => startStore(engines.mysql, 'MYSQL_URL');

/** With the table that the page's command line makes. */
export async function startDynamoDb(): Promise<Store> {
  const store = await startStore(engines.dynamoDb, 'AWS_ENDPOINT_URL_DYNAMODB');
  await engines.createTable(store.url, tableOnCommandLine());
  return store;
}

async function startStore(engine: Engine, variable: string): Promise<Store> {
  const { connection, stop } = await engine.start();
  return { env: { [variable]: connection.url }, url: connection.url, stop };
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
