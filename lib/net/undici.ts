/**
 * undici as npm has it. Bun replaces `undici` by a module of its own, without `dispatch`. So every
 * value of undici comes from here, by a path that no runtime replaces.
 */
export { buildConnector, Client, Pool, ProxyAgent } from 'undici/index.js';
