import { systemClock } from '../../lib/async/clock.js';
import type { Invoke, SfnClient } from '../../lib/index.js';
import { createStepFuncSource } from '../../lib/index.js';
import { createClients } from '../../lib/sfn/clients.js';
import { httpInvoke } from '../../lib/http.js';
import { connectTo } from '../integration/locks/connect.js';
import { nowMs } from './clock.js';
import type { FromInstance, InstanceOrder, ToInstance } from './instance-messages.js';
import { leapClock } from './leap-clock.js';

/**
 * One instance of a service, in a process of its own: a source with locks. It starts at a message, stops
 * at SIGTERM, and is expected to end of its own accord then. Tells what happens to it, with the moment.
 */
const order = JSON.parse(process.argv[2] ?? '') as InstanceOrder;

function send(message: FromInstance): void {
  if (process.connected) process.send?.({ at: nowMs(), ...message });
}

/** Its parent has ended: nothing else would end it. */
const orphaned = () => process.exit(1);
process.once('disconnect', orphaned);

// The source's timers that came due while the process stood still are through when this is sent.
process.on('SIGCONT', () => setImmediate(() => setTimeout(() => send({ what: 'awake' }), 1)));

const stopping = new AbortController();
process.once('SIGTERM', () => stopping.abort());

const { locks, close } = await connectTo(order.connection);
const http = httpInvoke(order.componentUrl);

const { poll, report, destroy } = createClients(systemClock);
/** When the polls that brought tasks were asked for, by the task's id. */
const polls = new Map<string, number>();
const watchedPoll: SfnClient = {
  async send(command, options) {
    const at = nowMs();
    const output = (await poll.send(command, options)) as { input?: string };
    if (output.input !== undefined) polls.set(idIn(output.input), at);
    return output;
  },
};

function idIn(input: string): string {
  return (JSON.parse(input) as { id: string }).id;
}

// A task's event and its invoke come in one breath: that is how an input is known to be of a poller.
let poller: number | undefined;
const invoke: Invoke = (request, signal) => {
  const id = idIn(request.body);
  if (poller === undefined) throw new Error('An invoke without a taskReceived before it');
  send({ what: 'invoked', poller, id, polledAt: polls.get(id) ?? Number.NaN });
  polls.delete(id);
  poller = undefined;
  return http(request, signal);
};

const source = createStepFuncSource({ ...order.config, workerName: order.name }, invoke, {
  client: { poll: watchedPoll, report },
  locks,
});
source.on('taskReceived', (event) => (poller = event.poller));
source.on('stateChanged', ({ to }) => send({ what: to }));
source.on('leaseAcquired', (event) => send({ what: 'acquired', poller: event.poller }));
source.on('leaseLost', (event) => send({ what: 'lost', poller: event.poller }));
source.on('leaseReleased', (event) => send({ what: 'released', poller: event.poller }));
source.on('lockStoreFailed', () => send({ what: 'storeFailed' }));

await new Promise<void>((resolve) => {
  process.on('message', (message: ToInstance) => {
    if (message.leapMs !== undefined) leapClock(message.leapMs);
    if (message.start === true) resolve();
  });
  // The first call to the store makes the connection: those who start together are then ready to.
  const warmUp = locks.createLock(`warm-up:${order.name}`, 1_000);
  const ready = () => send({ what: 'ready' });
  warmUp
    .acquireImmediately()
    .then(() => warmUp.release())
    .then(ready, ready);
});

await source.run(stopping.signal);
await close();
destroy();
process.off('disconnect', orphaned);
process.disconnect();
// Holds nothing by itself: whatever else does is found out by the exit code, and does so no longer.
setTimeout(() => process.exit(3), 15_000).unref();
