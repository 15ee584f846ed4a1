import assert from 'node:assert/strict';
import { z } from 'zod';
import './worker.mjs';

// The project's zod is as it was: the package has its own.
assert.equal(z.object({ a: z.number() }).parse({ a: 1 }).a, 1);
assert.equal(z.string().safeParse(1).error.errors.length, 1);
