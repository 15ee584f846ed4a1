import type { ServiceError } from './service-error.js';

/**
 * What a call comes to, before either face puts it in its own form: FakeSfn in what the SDK would
 * resolve to or reject with, the server in bytes, or in the lack of them.
 */
export type Reply =
  | { kind: 'answer'; body: Record<string, unknown> }
  | { kind: 'error'; error: ServiceError }
  | { kind: 'html502' }
  | { kind: 'empty500' }
  | { kind: 'reset' };

/** What a load balancer says of a backend that it cannot reach. */
export const HTML_502 =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';
