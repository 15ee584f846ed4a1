/** What the examples of lib's doc comments take for granted. */
import type { Invoke, StepFuncSource, StepFuncSourceConfig } from '../../../lib/index.js';
import { createStepFuncSource } from '../../../lib/index.js';
import { httpInvoke } from '../../../lib/http.js';
import { FakeSfn } from '../../../lib/testing/index.js';

export {
  createStepFuncSource,
  httpErrorName,
  runAll,
  terminationSignal,
  toTaskResult,
} from '../../../lib/index.js';
export type { Invoke, StepFuncSourceConfig, StepFuncSourceOptions } from '../../../lib/index.js';
export { httpInvoke } from '../../../lib/http.js';
export { functionInvoke } from '../../../lib/function.js';
export { recordMetrics, traceInvoke } from '../../../lib/opentelemetry.js';
export { FakeSfn, startFakeSfnServer } from '../../../lib/testing/index.js';
export { dynamoDbLocks } from '../../../lib/locks/dynamodb.js';
export { mysqlLocks } from '../../../lib/locks/mysql.js';
export { postgresLocks } from '../../../lib/locks/postgres.js';
export { redisLocks } from '../../../lib/locks/redis.js';

export { DynamoDBClient } from '@aws-sdk/client-dynamodb';
export { PrometheusExporter } from '@opentelemetry/exporter-prometheus';
export { MeterProvider } from '@opentelemetry/sdk-metrics';
export { Redis } from 'ioredis';
export { createPool } from 'mysql2/promise';
export { Pool } from 'pg';
export { expect } from 'vitest';
export { z } from 'zod';

export const baseUrl = 'http://localhost:8080';
export const token = 'a token';
export const currentToken = () => Promise.resolve(token);
export const config: StepFuncSourceConfig = { activityName: 'sum', path: '/step/sum' };
export const invoke: Invoke = httpInvoke(baseUrl);
export const source: StepFuncSource = createStepFuncSource(config, invoke);
export const another: StepFuncSource = createStepFuncSource(config, invoke);
export const sfn = new FakeSfn();
