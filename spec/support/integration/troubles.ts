import type { Fault } from 'stepfunc-source/testing';

/** What goes wrong, without how often and with whom. */
export type Trouble =
  | { kind: Exclude<Fault['kind'], 'error' | 'latency' | 'serverError'> }
  | { kind: 'serverError'; status?: number }
  | { kind: 'error'; name: string; status?: number };

/** All that passes: in words, as a fault, and the name that the default clients' error goes by. */
export const passingTroubles: [string, Trouble, string][] = [
  ['throttling', { kind: 'throttling' }, 'ThrottlingException'],
  ['KMS throttling', { kind: 'error', name: 'KmsThrottlingException' }, 'KmsThrottlingException'],
  ['a lack of permission', { kind: 'error', name: 'AccessDenied', status: 403 }, 'AccessDenied'],
  ['a 500', { kind: 'serverError' }, 'InternalFailure'],
  ['a 503', { kind: 'serverError', status: 503 }, 'ServiceUnavailable'],
  ['a 502 in HTML', { kind: 'html502' }, 'SyntaxError'],
  ['a 500 without a body', { kind: 'empty500' }, 'Unknown'],
  ['a reset', { kind: 'reset' }, 'ECONNRESET'],
];
