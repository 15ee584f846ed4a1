/** What fragments of docs/cluster.md take for granted. */
export { createStepFuncSource } from '../../../lib/index.js';
export { httpInvoke } from '../../../lib/http.js';
export { dynamodb, taskRole } from './cdk.js';
export { locks } from './locks.js';
