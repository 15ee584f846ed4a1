import { spawn } from 'node:child_process';

/** Long enough for a cold install on a busy machine. What takes longer hangs. */
const TIMEOUT_MS = 600_000;

/**
 * Runs a command to its end, its children included, and resolves to what it printed. Rejects with all
 * that it wrote if it failed.
 */
export async function run(command, args, { cwd, env = {}, timeoutMs = TIMEOUT_MS }) {
  const child = spawn(command, args, {
    cwd,
    env: { ...ownEnvironment(), ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
    // A group of its own, so that a command that hangs ends with all that it started.
    detached: true,
  });
  let stdout = '';
  let stderr = '';
  child.stdout.setEncoding('utf8').on('data', (text) => (stdout += text));
  child.stderr.setEncoding('utf8').on('data', (text) => (stderr += text));
  const deadline = setTimeout(() => process.kill(-child.pid, 'SIGKILL'), timeoutMs);
  try {
    const how = await new Promise((resolve) => {
      child.on('error', (error) => resolve(error.message));
      child.on('close', (code, signal) =>
        resolve(code === 0 ? undefined : (signal ?? `exit code ${code}`)),
      );
    });
    if (how === undefined) return { stdout, stderr };
    throw new Error(`${[command, ...args].join(' ')}\n${how}\n${stdout}${stderr}`);
  } finally {
    clearTimeout(deadline);
  }
}

/** This process's environment, without what npm and test runners set for their children. */
function ownEnvironment() {
  return Object.fromEntries(
    Object.entries(process.env).filter(
      ([name]) => !/^(npm_|NODE_(?!EXTRA_CA)|AWS_|JEST|VITEST)/i.test(name),
    ),
  );
}
