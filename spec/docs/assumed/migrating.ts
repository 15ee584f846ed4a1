/** What docs/migrating.md takes for granted. */
import type { LockFactory } from '../../../lib/index.js';

export declare const locks: LockFactory;
