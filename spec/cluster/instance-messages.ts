import type { StepFuncSourceConfig, StepFuncSourceState } from '../../lib/index.js';
import type { Connection } from '../integration/locks/connect.js';

/** What an instance gets at its start, as JSON in its first argument. */
export interface InstanceOrder {
  /** Of all instances there ever are: the server knows polls by it. */
  name: string;
  connection: Connection;
  componentUrl: string;
  config: StepFuncSourceConfig;
}

/** What an instance gets while it runs. */
export interface ToInstance {
  start?: boolean;
  /** By how much its wall clock is wrong from now on. */
  leapMs?: number;
}

/** What an instance sends. */
export type FromInstance =
  | { what: 'ready' | 'awake' | 'storeFailed' | StepFuncSourceState }
  | { what: 'acquired' | 'lost' | 'released'; poller: number }
  /**
   * The component is about to be called with the input of this id. `polledAt`: when the poll that brought
   * it was asked for. A process that is suspended on the way sends it as it wakes.
   */
  | { what: 'invoked'; poller: number; id: string; polledAt: number };
