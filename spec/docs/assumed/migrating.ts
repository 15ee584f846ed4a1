/** What docs/migrating.md takes for granted. */
export { locks } from './locks.js';
