import { now } from './clock.js';

/** CPU time of a process since it began, user and system, and when that was read. */
export interface Usage {
  cpuMs: number;
  at: number;
}

export function cpuUsage(): Usage {
  const { user, system } = process.cpuUsage();
  return { cpuMs: (user + system) / 1_000, at: now() };
}
