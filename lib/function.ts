/**
 * A component that is a plain function of the same process, in place of a service behind HTTP:
 * `stepfunc-source/function`.
 */
export { functionInvoke } from './function/function-invoke.js';
export type {
  FunctionInvoke,
  FunctionInvokeOptions,
  Handler,
  HandlerContext,
} from './function/function-invoke.js';
export type {
  StandardSchema,
  StandardSchemaIssue,
  StandardSchemaResult,
} from './function/standard-schema.js';
