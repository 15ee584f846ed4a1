/** What fragments of docs/cluster.md take for granted. */
import type { LockFactory } from '../../../lib/index.js';

export { createStepFuncSource } from '../../../lib/index.js';
export { httpInvoke } from '../../../lib/http.js';

export declare const locks: LockFactory;

/** As much of the CDK as its fragment uses: it is not installed here. */
export declare const dynamodb: {
  TableV2: new (
    scope: unknown,
    id: string,
    props: { tableName: string; partitionKey: { name: string; type: unknown }; billing: unknown },
  ) => { grant(grantee: unknown, ...actions: string[]): unknown };
  AttributeType: { STRING: unknown };
  Billing: { onDemand(): unknown };
};
export declare const taskRole: unknown;
