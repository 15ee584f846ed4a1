export { httpInvoke } from './task/http-invoke.js';
export type { HttpInvoke } from './task/http-invoke.js';
export type {
  HttpDispatcher,
  HttpInvokeOptions,
  HttpInvokeRequest,
} from './task/http-invoke-options.js';
export type { HeadersInput } from './net/request-headers.js';
