import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';

/** The folder of the project's package.json. */
export const root = fileURLToPath(new URL('../..', import.meta.url));

/** Long enough for a cold install or a build on a busy machine. What takes longer hangs. */
const TIMEOUT_MS = 900_000;

/** Runs a command to its end and returns its stdout. Throws with all that it wrote where it failed. */
export function run(command, args, cwd = root) {
  const { status, signal, stdout, stderr, error } = spawnSync(command, args, {
    cwd,
    encoding: 'utf8',
    timeout: TIMEOUT_MS,
    maxBuffer: 64 * 1024 * 1024,
  });
  if (status === 0) return stdout;
  const how = error?.message ?? (signal === null ? `exit code ${status}` : signal);
  throw new Error(`${[command, ...args].join(' ')}\n${how}\n${stdout ?? ''}${stderr ?? ''}`);
}

/** Runs a command of the project's own devDependencies. */
export function runTool(name, args, cwd = root) {
  return run(join(root, 'node_modules', '.bin', name), args, cwd);
}
