import { npm } from './installers.mjs';
import { layOut } from './project.mjs';

/**
 * Runs one row: lays out its project, installs, and takes its steps in turn. Never rejects; resolves to
 * its outcome, `passed`, `failed` or `missing`, with the message that says why.
 */
export async function runRow(row, folder, tarball) {
  const started = Date.now();
  const seconds = () => (Date.now() - started) / 1000;
  const project = layOut(row, folder, tarball);
  let version;
  let step = 'install';
  try {
    await (row.installer ?? npm).install(row, project);
    const missing = row.missing?.(project);
    if (missing !== undefined) return { outcome: 'missing', message: missing, seconds: seconds() };
    version = row.shows?.(project);
    for (const { name, perform } of row.steps) {
      step = name;
      await perform(project);
    }
    const steps = row.steps.map(({ name }) => name);
    return { outcome: 'passed', version, steps, seconds: seconds() };
  } catch (error) {
    return { outcome: 'failed', version, message: `${step}: ${error.message}`, seconds: seconds() };
  }
}
