import type { TestContext } from 'vitest';
import { it } from 'vitest';
import type { Block } from '../pages.js';

/** How a block is run. */
export interface Run {
  /** Whether beside others: not what changes this process, nor what hurries. */
  concurrent: boolean;
  /** Registers the tests that run it. */
  register(block: Block): void;
}

export type Test = (block: Block, context: TestContext) => Promise<void> | void;

/** Runs a block beside others. */
export function beside(kind: string, test: Test): Run {
  return {
    concurrent: true,
    register: (block) => it.concurrent(titleOf(block, kind), (context) => test(block, context)),
  };
}

/** Runs a block while no other runs. */
export function alone(kind: string, test: Test): Run {
  return {
    concurrent: false,
    register: (block) => it(titleOf(block, kind), (context) => test(block, context)),
  };
}

export function titleOf({ where }: Block, kind: string): string {
  return `${where}: ${kind}`;
}
