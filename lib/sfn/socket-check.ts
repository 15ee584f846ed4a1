import { getProperty } from '../common/property.js';
import type { SfnClient } from './api.js';

/**
 * How many sockets a client's agent opens at a time. Undefined if unknown. The SDK's handlers say
 * it by `httpHandlerConfigs()`, but the Node handler makes its agents at its first call only.
 */
export function maxSocketsOf(client: SfnClient): number | undefined {
  const handler = getProperty(getProperty(client, 'config'), 'requestHandler');
  const configs = getProperty(handler, 'httpHandlerConfigs');
  if (typeof configs !== 'function') return undefined;
  const config = call(configs, handler);
  const limits = [getProperty(config, 'httpsAgent'), getProperty(config, 'httpAgent')]
    .map((agent) => getProperty(agent, 'maxSockets'))
    .filter((limit) => typeof limit === 'number');
  // Whether the agent for http or for https is in use is unknown. The larger one raises no false
  // alarm.
  return limits.length === 0 ? undefined : Math.max(...limits);
}

/**
 * Warns once if an injected client has fewer sockets than there can be polls. Reports on a shared
 * client would then wait for an open poll to end. Returns the check. Call it again after the
 * client's first use, since the Node handler's limit is unknown before.
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

/** A handler of another kind may throw. A missing warning must not cost a task. */
function call(configs: CallableFunction, handler: unknown): unknown {
  try {
    return Reflect.apply(configs, handler, []);
  } catch {
    return undefined;
  }
}
