import type { Fault } from './faults.mjs';

export function fits(fault: Fault): boolean;
