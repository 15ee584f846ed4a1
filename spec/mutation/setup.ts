import fc from 'fast-check';
import { inject, vi } from 'vitest';

// Virtual time takes none: a test that goes on for longer hangs, and so has noticed the mutant. The
// first run, without a mutant, may take as long as the machine is busy.
const isFirstRun = inject('mode' as never) !== 'mutant';
const limitMs = isFirstRun ? 60_000 : 6_000;
vi.setConfig({ testTimeout: limitMs, hookTimeout: limitMs });

// Properties: the same examples for each mutant, for half a second, without a search for the smallest.
fc.configureGlobal({ seed: 1, endOnFailure: true });
fc.installGlobalPlugin(fc.interruptAfterTimeLimit(500));
