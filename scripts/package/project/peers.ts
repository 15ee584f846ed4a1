/** Compiled in a scratch project, never run: the entry points that need an optional peer. */
import { DynamoDBClient } from '@aws-sdk/client-dynamodb';
import { context, metrics, trace } from '@opentelemetry/api';
import type { Invoke, Lock, LockFactory, StepFuncSource } from 'stepfunc-source';
import { createStepFuncSource } from 'stepfunc-source';
import type { DynamoDbLocksOptions } from 'stepfunc-source/locks/dynamodb';
import { dynamoDbLocks, LockNotOwnedError } from 'stepfunc-source/locks/dynamodb';
import type { MetricsOptions, TraceOptions } from 'stepfunc-source/opentelemetry';
import { recordMetrics, traceInvoke } from 'stepfunc-source/opentelemetry';

const options: DynamoDbLocksOptions = { client: new DynamoDBClient({}), tableName: 'locks' };
const locks: LockFactory = dynamoDbLocks(options);
const lock: Lock = locks.createLock('role', 30_000);

const traceOptions: TraceOptions = {
  activityName: 'sum',
  tracerProvider: trace.getTracerProvider(),
  injectHeaders: false,
  parent: () => context.active(),
};
const invoke: Invoke = traceInvoke(
  (request, signal) => fetch(`http://localhost:8080${request.path}`, { ...request, signal }),
  traceOptions,
);

export const source: StepFuncSource = createStepFuncSource(
  { activityName: 'sum', path: '/step/sum', lockTtlMs: 30_000, onLeaseLost: 'abort' },
  invoke,
  { locks },
);

const metricsOptions: MetricsOptions = {
  meterProvider: metrics.getMeterProvider(),
  attributes: { team: 'sums' },
};
export const stopRecording: () => void = recordMetrics(source, metricsOptions);

export async function isOurs(): Promise<boolean> {
  try {
    await lock.extend();
    return true;
  } catch (error) {
    if (error instanceof LockNotOwnedError) return false;
    throw error;
  }
}
