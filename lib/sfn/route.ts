import type { Connections } from '../net/connections.js';
import { createConnections, createProxyConnections } from '../net/connections.js';
import { routeTo } from './proxy.js';

/**
 * Connections to any origin, directly or through the proxy, by the environment's proxy settings.
 */
export function connectionsFor(): Connections {
  const straight = createConnections();
  const byProxy = new Map<string, Connections>();
  const byOrigin = new Map<string, Connections>();

  function find(origin: string): Connections {
    const { proxy } = routeTo(origin);
    if (proxy === undefined) return straight;
    const known = byProxy.get(proxy.href) ?? createProxyConnections(proxy);
    byProxy.set(proxy.href, known);
    return known;
  }

  return {
    dispatch(options, handler) {
      const origin = String(options.origin);
      const connections = byOrigin.get(origin) ?? find(origin);
      byOrigin.set(origin, connections);
      return connections.dispatch(options, handler);
    },
    destroy() {
      for (const connections of [straight, ...byProxy.values()]) connections.destroy();
    },
  };
}
