import { parseArgs } from 'node:util';
import type { Engine } from '../integration/locks/engines.js';
import { dynamoDb, mysql, postgresql, redis } from '../integration/locks/engines.js';

// The SDK's own word on the Node version is not about what is measured.
process.env['AWS_SDK_JS_NODE_VERSION_SUPPORT_WARNING_DISABLED'] = 'true';

/** By what they are called on the command line. */
const engines: Record<string, Engine> = {
  redis,
  postgresql,
  ...(mysql.missing === undefined ? { mysql } : {}),
  dynamodb: dynamoDb,
};

export interface Arguments {
  /** Those that were named, or all. */
  engines: Engine[];
  /** The number given by an option, or undefined. */
  number(option: string): number | undefined;
}

/** The command line: names of engines, and options that are numbers. Throws where it makes no sense. */
export function readArguments(usage: string, options: readonly string[]): Arguments {
  const { positionals, values } = parseArgs({
    allowPositionals: true,
    options: Object.fromEntries(options.map((option) => [option, { type: 'string' as const }])),
  });
  for (const name of positionals) {
    if (!(name in engines)) {
      throw new Error(`Expected ${Object.keys(engines).join(', ')}, got ${name}\n${usage}`);
    }
  }
  const named = Object.entries(engines).filter(([name]) => positionals.includes(name));
  return {
    engines: (named.length > 0 ? named : Object.entries(engines)).map(([, engine]) => engine),
    number(option) {
      const value = values[option];
      if (typeof value !== 'string') return undefined;
      if (Number(value) > 0) return Number(value);
      throw new Error(`Expected --${option} with a number above 0, got ${value}\n${usage}`);
    },
  };
}

export function seconds(ms: number): string {
  return `${(ms / 1_000).toFixed(2)} s`;
}

/** The mean, and the maximum in brackets: `1.32 s (1.80 s) of 12`. */
export function meanAndMax(times: readonly number[]): string {
  if (times.length === 0) return '-';
  const mean = times.reduce((sum, ms) => sum + ms, 0) / times.length;
  return `${seconds(mean)} (${seconds(Math.max(...times))}) of ${times.length}`;
}
