import { breakdown } from './breakdown.js';
import { deliveryLatency } from './delivery-latency.js';
import { growth } from './growth.js';
import { idle } from './idle.js';
import { importTime } from './import-time.js';
import { instructions } from './instructions.js';
import type { Measure } from './measure.js';
import { memory } from './memory.js';
import { ramp } from './ramp.js';
import { reportLatency } from './report-latency.js';
import { slotUse } from './slot-use.js';
import { soak } from './soak.js';
import { throughput } from './throughput.js';
import { tls } from './tls.js';

export const measures: Measure[] = [
  throughput,
  tls,
  instructions,
  breakdown,
  slotUse,
  ramp,
  deliveryLatency,
  reportLatency,
  idle,
  memory,
  growth,
  importTime,
  soak,
];
