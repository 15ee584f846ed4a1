import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import type { LockFactory } from '../../../lib/index.js';
import { dynamoDbLocks } from '../../../lib/locks/dynamodb.js';

/** The store that pages take for granted: any will do. */
export const locks: LockFactory = dynamoDbLocks({
  client: new DynamoDBClient({}),
  tableName: 'stepfunc-source-locks',
});
