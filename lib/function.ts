/** A component that is a function of the same process, in place of a service behind HTTP. */
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
