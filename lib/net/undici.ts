/**
 * undici as npm has it. Bun answers `undici` by a module of its own, without `dispatch`, so every value
 * of undici comes from here, by a path that no runtime takes for a name.
 */
export { Agent, buildConnector, Client, errors, Pool, ProxyAgent } from 'undici/index.js';
