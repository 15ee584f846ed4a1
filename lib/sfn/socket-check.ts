import { getProperty } from '../common/property.js';
import type { SfnClient } from './api.js';

/**
 * How many sockets a client's agent opens at a time, where that can be told: from the public
 * `httpHandlerConfigs()` of the SDK's handlers. The Node handler makes its agents at its first call,
 * so that before it nothing can be told. Undefined: unknown.
 */
export function maxSocketsOf(client: SfnClient): number | undefined {
  const handler = getProperty(getProperty(client, 'config'), 'requestHandler');
  const configs = getProperty(handler, 'httpHandlerConfigs');
  if (typeof configs !== 'function') return undefined;
  const config = call(configs, handler);
  const limits = [getProperty(config, 'httpsAgent'), getProperty(config, 'httpAgent')]
    .map((agent) => getProperty(agent, 'maxSockets'))
    .filter((limit) => typeof limit === 'number');
  // Which agent is in use, for http or for https, can't be told: the larger one raises no false alarm.
  return limits.length === 0 ? undefined : Math.max(...limits);
}

/**
 * Warns, once, of an injected client whose agent opens fewer sockets than there can be polls: the
 * reports of a shared client would then wait for a held poll to end. Returns the check, to be called
 * again once the client has been used: only then can the Node handler's limit be told.
 */
export function createSocketCheck(
  client: SfnClient,
  needed: number,
  warn: (fields: object, message: string) => void,
): () => void {
  let done = false;
  return () => {
    const maxSockets = done ? undefined : maxSocketsOf(client);
    if (maxSockets === undefined) return;
    done = true;
    if (maxSockets >= needed) return;
    warn(
      { maxSockets, needed },
      `The injected client opens at most ${maxSockets} sockets, but up to ${needed} polls and reports run at a time: some will wait for a held poll to end, up to 60 s. Give its requestHandler maxSockets of at least ${needed}`,
    );
  };
}

/** A handler that is not the SDK's may do anything: a warning left out must not cost a task. */
function call(configs: CallableFunction, handler: unknown): unknown {
  try {
    return Reflect.apply(configs, handler, []);
  } catch {
    return undefined;
  }
}
