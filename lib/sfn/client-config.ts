import type { SFNClientConfig } from '@aws-sdk/client-sfn';
import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';
import { closestKey } from '../common/suggest-key.js';
import { isOptionsObject } from '../common/type-tag.js';

/**
 * The config of an `SFNClient`, without `requestHandler` and `signer`: the source has its own
 * connections and signatures. `maxAttempts`, `retryMode` and `retryStrategy` are for reports only,
 * since a poll is never sent again.
 */
export type ClientConfig = Omit<SFNClientConfig, 'requestHandler' | 'signer'>;

/** The keys that most clients are given. The SDK checks others. */
const checks: Readonly<Record<string, [expected: string, holds: (value: unknown) => boolean]>> = {
  region: ['a region as eu-west-1, or a function', isTextOrFunction],
  profile: ['the name of a profile', isText],
  endpoint: [
    'an http or https URL, or a function',
    (value) => isHttpUrl(value) || typeof value === 'function' || isObject(value),
  ],
  credentials: [
    'an object with accessKeyId and secretAccessKey, or a function that resolves to one',
    (value) =>
      typeof value === 'function' ||
      (isText(getProperty(value, 'accessKeyId')) && isText(getProperty(value, 'secretAccessKey'))),
  ],
  useFipsEndpoint: ['true or false, or a function', isFlag],
  useDualstackEndpoint: ['true or false, or a function', isFlag],
  maxAttempts: [
    'a whole number from 1, or a function',
    (value) => typeof value === 'function' || (Number.isInteger(value) && Number(value) >= 1),
  ],
};
const otherKeys = [
  'apiVersion',
  'authSchemePreference',
  'customUserAgent',
  'defaultsMode',
  'extensions',
  'logger',
  'retryMode',
  'retryStrategy',
  'systemClockOffset',
  'userAgentAppId',
];
/** The keys that are checked, or known by name. */
export const clientConfigKeys: readonly string[] = [...Object.keys(checks), ...otherKeys];
const refused: Readonly<Record<string, string>> = {
  requestHandler: 'the source has connections of its own; give options.client to have others',
  signer: 'the source signs by itself; give options.client to have another',
};

/**
 * Checks and copies `options.clientConfig`.
 *
 * @throws TypeError that names the key, what was expected and what was given.
 */
export function checkClientConfig(config: unknown): ClientConfig {
  if (!isOptionsObject(config)) {
    throw wrong('', "an object as SFNClient's constructor takes", formatValue(config));
  }
  for (const [key, value] of Object.entries(config)) {
    if (Object.hasOwn(refused, key) && value !== undefined) {
      throw wrong(`.${key}`, 'left out', `${kindOf(value)}: ${refused[key] ?? ''}`);
    }
    const check = Object.hasOwn(checks, key) ? checks[key] : undefined;
    if (check !== undefined && value !== undefined && !check[1](value)) {
      // Never the value of credentials.
      throw wrong(`.${key}`, check[0], key === 'credentials' ? kindOf(value) : formatValue(value));
    }
    refuseSlip(key);
  }
  return { ...config };
}

/** A key of a newer SDK is let through. A misspelt key is not. */
function refuseSlip(key: string): void {
  if (clientConfigKeys.includes(key)) return;
  const meant = closestKey(key, clientConfigKeys);
  if (meant === undefined) return;
  throw new TypeError(
    `createStepFuncSource: unknown key ${JSON.stringify(key)} in options.clientConfig; did you mean ${meant}?`,
  );
}

function wrong(key: string, expected: string, came: string): TypeError {
  return new TypeError(
    `createStepFuncSource: expected options.clientConfig${key} to be ${expected}, got ${came}`,
  );
}

function kindOf(value: unknown): string {
  return isObject(value) ? 'an object' : formatValue(typeof value === 'string' ? '…' : value);
}

function isText(value: unknown): value is string {
  return typeof value === 'string' && value !== '';
}

function isHttpUrl(value: unknown): boolean {
  return isText(value) && /^https?:\/\//i.test(value) && URL.canParse(value);
}

function isTextOrFunction(value: unknown): boolean {
  return isText(value) || typeof value === 'function';
}

function isFlag(value: unknown): boolean {
  return typeof value === 'boolean' || typeof value === 'function';
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
