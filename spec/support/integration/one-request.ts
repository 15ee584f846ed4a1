import { httpInvoke } from '../../../lib/http.js';
import type { ServiceOrder } from './process.js';

/** A process that makes one request, closes nothing, and is expected to end of its own accord. */
const { componentUrl } = JSON.parse(process.argv[2] ?? '') as ServiceOrder;
const request = {
  method: 'POST' as const,
  path: '/',
  headers: {},
  body: '1',
  redirect: 'manual' as const,
  task: 't',
};
const { status } = await httpInvoke(componentUrl)(request, new AbortController().signal);
console.log(status);
