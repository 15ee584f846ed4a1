import type { Bench } from '../harness/bench.js';
import type { Finding } from '../report/finding.js';

export interface Measure {
  /** For `--only`. */
  name: string;
  title: string;
  run(bench: Bench): Promise<Finding>;
}
