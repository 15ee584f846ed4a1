import { fileURLToPath } from 'node:url';
import type { LevelWithSilent } from 'pino';

/** What the environment says, with defaults for everything. */
export interface Settings {
  /** The file with components and event sources. */
  components: string;
  /** The base URL of a component. */
  componentUrl(component: string): string;
  /** The port of probes and metrics. */
  port: number;
  logLevel: LevelWithSilent;
  /** How long a stop may take. At least 10 s less than what the platform gives the container. */
  graceMs: number;
  /** Where the leases are that make a limit one of all instances; absent: a limit per instance. */
  locks: { kind: 'redis'; url: string } | { kind: 'dynamodb'; tableName: string } | undefined;
}

export function readSettings(env: NodeJS.ProcessEnv): Settings {
  return {
    components: env['COMPONENTS'] ?? fileURLToPath(new URL('../components.yaml', import.meta.url)),
    componentUrl: (component) =>
      env[`COMPONENT_URL_${component.toUpperCase().replaceAll(/[^A-Z0-9]/g, '_')}`] ??
      env['COMPONENT_URL'] ??
      'http://localhost:8080',
    port: wholeNumber(env, 'PORT', 8081),
    logLevel: (env['LOG_LEVEL'] ?? 'info') as LevelWithSilent,
    graceMs: wholeNumber(env, 'GRACE_MS', 110_000),
    locks: locksOf(env),
  };
}

function locksOf(env: NodeJS.ProcessEnv): Settings['locks'] {
  const { REDIS_URL: url, LOCK_TABLE: tableName } = env;
  if (url && tableName) throw new Error('Set REDIS_URL or LOCK_TABLE, not both');
  if (url) return { kind: 'redis', url };
  return tableName ? { kind: 'dynamodb', tableName } : undefined;
}

function wholeNumber(env: NodeJS.ProcessEnv, name: string, byDefault: number): number {
  const text = env[name];
  if (text === undefined) return byDefault;
  if (!/^\d{1,9}$/.test(text)) throw new Error(`${name} must be a whole number, got "${text}"`);
  return Number(text);
}
