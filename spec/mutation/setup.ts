import fc from 'fast-check';

// Properties: the same examples for each mutant, for half a second, without a search for the smallest.
fc.configureGlobal({ seed: 1, endOnFailure: true });
fc.installGlobalPlugin(fc.interruptAfterTimeLimit(500));
