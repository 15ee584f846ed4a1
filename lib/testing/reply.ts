import type { ServiceError } from './service-error.js';

/**
 * The result of a call. FakeSfn turns it into what the SDK would resolve to or reject with. The
 * server turns it into bytes, or closes the connection.
 */
export type Reply =
  | { kind: 'answer'; body: Record<string, unknown> }
  | { kind: 'error'; error: ServiceError }
  | { kind: 'html502' }
  | { kind: 'empty500' }
  | { kind: 'reset' };

/** A load balancer's page about a backend that it can't reach. */
export const HTML_502 =
  '<html><head><title>502 Bad Gateway</title></head><body><h1>502 Bad Gateway</h1></body></html>';
