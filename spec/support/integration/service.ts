import { createStepFuncSource, terminationSignal } from '../../../lib/index.js';
import type { Invoke } from '../../../lib/index.js';
import { httpInvoke } from '../../../lib/http.js';
import type { ServiceOrder } from './process.js';

/**
 * A service of one source, in a process of its own. It runs until it gets a signal, and is expected
 * to end of its own accord then. Tells its states and the summary, a line each.
 */
const order = JSON.parse(process.argv[2] ?? '') as ServiceOrder;

const byFetch: Invoke = (request, signal) =>
  fetch(order.componentUrl + request.path, { ...request, signal });
const invoke = order.byFetch ? byFetch : httpInvoke(order.componentUrl);
const source = createStepFuncSource(
  { activityName: 'sum', path: '/', ...order.config },
  order.neverSettles ? () => new Promise(() => undefined) : invoke,
);
source.on('stateChanged', ({ to }) => console.log(to));

const summary = await source.run(terminationSignal(order.signals), order.stop);
console.log(JSON.stringify(summary));
