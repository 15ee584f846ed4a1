/**
 * A service that runs the Step Functions event sources of a components file: polls their activities,
 * POSTs every task to the component, reports the response. All settings come from the environment:
 * see settings.ts, and README.md beside it.
 */
import { once } from 'node:events';
import type { AddressInfo } from 'node:net';
import { pino } from 'pino';
import { createStepFuncSource, runAll, terminationSignal } from 'stepfunc-source';
import { httpInvoke } from 'stepfunc-source/http';
import { readEventSources } from './components.js';
import { connectLocks } from './locks.js';
import { createHealthServer } from './server.js';
import { readSettings } from './settings.js';

// First of all: a SIGTERM that comes while the service is starting is no reason to die of it.
const termination = terminationSignal();
const settings = readSettings(process.env);
const logger = pino({ level: settings.logLevel, timestamp: pino.stdTimeFunctions.isoTime });

const eventSources = await readEventSources(settings.components);
const locks = connectLocks(settings.locks);
const sources = eventSources.map(({ component, name, config }) =>
  createStepFuncSource(config, httpInvoke(settings.componentUrl(component)), {
    locks: locks.factory,
    logger: logger.child({ component, eventSource: name }),
  }),
);

// Before the sources start: probes must see a start that takes long.
const server = createHealthServer(sources).listen(settings.port);
await once(server, 'listening');
const { port } = server.address() as AddressInfo;
logger.info({ port, eventSources: eventSources.length }, 'Probes and metrics are served');

try {
  const summaries = await runAll(sources, termination, { graceMs: settings.graceMs });
  logger.info({ summaries }, 'All sources have stopped');
} catch (error) {
  logger.fatal({ err: error }, 'A source could not start');
  process.exitCode = 1;
} finally {
  locks.close();
  server.close();
  server.closeAllConnections();
}
