import { systemClock } from '../../../lib/async/clock.js';
import { createShutdown } from '../../../lib/async/shutdown.js';
import { createRunningTasks } from '../../../lib/observe/running-tasks.js';
import { createActivityPoller } from '../../../lib/polling/activity-poller.js';
import { createActivity } from '../../../lib/sfn/activity-arn.js';
import { sfnCalls } from '../../../lib/sfn/api.js';
import { createClients } from '../../../lib/sfn/clients.js';
import { noAttributes } from '../../../lib/task/task-attributes.js';

/**
 * Two pollers of one slot each, in a process of its own, whose polls are bounded at two seconds. A
 * task of `{ blockMs }` keeps the event loop busy for so long, as a computation would. Writes the name
 * of each event, a line each. It never ends by itself.
 */
const pollTimeoutMs = 2_000;

const shutdown = createShutdown();
const sfn = sfnCalls(createClients(systemClock), systemClock);
const activity = createActivity(sfn, 'sum', undefined, shutdown.abortPolls, systemClock);

for (const index of [0, 1]) {
  const poller = createActivityPoller(
    { index, concurrency: 1 },
    {
      clock: systemClock,
      sfn,
      activity,
      workerName: 'worker',
      async invoke({ body }) {
        const { blockMs = 0 } = JSON.parse(body) as { blockMs?: number };
        const until = performance.now() + blockMs;
        while (performance.now() < until);
        return { status: 200, headers: {}, body };
      },
      path: '/',
      invokeTimeoutMs: 60_000,
      heartbeatIntervalMs: undefined,
      onComponentDown: 'fail',
      emit: (name) => console.log(name),
      attributesOf: () => noAttributes,
      runningTasks: createRunningTasks(systemClock),
      onPolled: () => undefined,
      onPollAbandoned: () => undefined,
      pollTimeoutMs,
    },
  );
  void poller.run(shutdown);
}
