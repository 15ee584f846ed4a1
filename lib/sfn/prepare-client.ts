import type { SfnClient } from './api.js';
import { getProperty } from '../common/property.js';

/**
 * A client of an older version has another stack, in which this version's commands find no
 * serializer.
 */
const LEAST_SDK = '3.1164.0';

/**
 * Rejects if an SDK client can't work: it is too old for the commands that it would send, or has no
 * region. Other clients are not checked.
 */
export async function prepareClient(client: SfnClient): Promise<void> {
  const stack = getProperty(client, 'middlewareStack');
  const identify = getProperty(stack, 'identify');
  // An own property `send` is a test's.
  if (typeof identify !== 'function' || Object.hasOwn(client, 'send')) return;
  const names: unknown = Reflect.apply(identify, stack, []);
  if (Array.isArray(names) && !names.some((name) => String(name).startsWith('serializer'))) {
    throw named(
      'SdkError',
      `The injected client is of an older SDK: expected one of @aws-sdk/client-sfn ${LEAST_SDK} or later`,
    );
  }
  const config = getProperty(client, 'config');
  const region = getProperty(config, 'region');
  if (typeof region === 'function') await requireRegion(() => Reflect.apply(region, config, []));
}

/** Rejects with a RegionError if there is no region. */
export async function requireRegion(region: () => unknown): Promise<void> {
  try {
    await region();
  } catch (error) {
    throw named('RegionError', 'There is no region to call Step Functions in', error);
  }
}

function named(name: string, message: string, cause?: unknown): Error {
  return Object.assign(new Error(message, cause === undefined ? undefined : { cause }), { name });
}
