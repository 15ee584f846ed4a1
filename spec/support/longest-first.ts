import type { TestSpecification } from 'vitest/node';
import { BaseSequencer } from 'vitest/node';

/** They wait for leases to end, for minutes in all. */
const patient =
  /spec\/(cluster\/|docs\/run\.|integration\/(locks\/(failover|process)|example-service|demo|process))/;

/**
 * Starts first what takes longest, as nothing else would be left to run beside it. By itself vitest
 * goes by how large a file is, until it has seen a whole run.
 */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const sorted = await super.sort(files);
    const rank = ({ moduleId, project }: TestSpecification) =>
      2 * project.config.sequence.groupOrder + (patient.test(moduleId) ? 0 : 1);
    return sorted.toSorted((a, b) => rank(a) - rank(b));
  }
}
