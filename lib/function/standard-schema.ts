import { formatValue } from '../common/format-value.js';
import { getProperty } from '../common/property.js';

/**
 * A schema of zod, valibot, arktype or any other library with version 1 of Standard Schema.
 *
 * @see {@link https://standardschema.dev}
 */
export interface StandardSchema<Output = unknown> {
  /** What the standard asks of a schema. */
  readonly '~standard': {
    readonly version: 1;
    /** The library's name. */
    readonly vendor: string;
    /** Checks a value, and returns the schema's output or the issues. */
    readonly validate: (
      value: unknown,
    ) => StandardSchemaResult<Output> | Promise<StandardSchemaResult<Output>>;
    /** For the compiler only. */
    readonly types?: { readonly input: unknown; readonly output: Output } | undefined;
  };
}

/** What a schema's `validate` returns: its output, or the issues. */
export type StandardSchemaResult<Output> =
  | { readonly value: Output; readonly issues?: undefined }
  | { readonly issues: readonly StandardSchemaIssue[] };

/** One thing that is wrong with a value. */
export interface StandardSchemaIssue {
  /** What is wrong, in the library's words. */
  readonly message: string;
  /** The keys from the value's root. Absent or empty for the value itself. */
  readonly path?: readonly (PropertyKey | { readonly key: PropertyKey })[] | undefined;
}

/** Whether a value is a schema, by its shape: arktype's are functions, others are objects. */
export function isStandardSchema(value: unknown): value is StandardSchema {
  const standard = getProperty(value, '~standard');
  return (
    getProperty(standard, 'version') === 1 &&
    typeof getProperty(standard, 'validate') === 'function'
  );
}

/**
 * Runs a schema over a value. An error that the schema throws is passed on.
 *
 * @throws TypeError, as a rejection, if the schema returns something that is not of the standard.
 */
export async function validate<Output>(
  schema: StandardSchema<Output>,
  value: unknown,
): Promise<StandardSchemaResult<Output>> {
  const result: unknown = await schema['~standard'].validate(value);
  const issues = getProperty(result, 'issues');
  const isObject = typeof result === 'object' && result !== null;
  if (isObject && (issues === undefined ? 'value' in result : Array.isArray(issues))) {
    return result as StandardSchemaResult<Output>;
  }
  throw new TypeError(
    `Expected the schema's validate to return { value } or { issues: [] }, got ${
      isObject && issues !== undefined
        ? `issues that are ${formatValue(issues)}`
        : `${formatValue(result)}${isObject ? ' without either' : ''}`
    }`,
  );
}

/** A list of thousands would hide what matters, and AWS's limit would cut it anyway. */
const MAX_ISSUES = 50;

/** What is wrong with a value, one line an issue, each with its path: `- $.items[0].price: …`. */
export function formatIssues(issues: readonly unknown[]): string {
  if (issues.length === 0) return '- the schema does not say why';
  const lines = issues.slice(0, MAX_ISSUES).map((issue) => {
    const message = getProperty(issue, 'message');
    const words = typeof message === 'string' && message !== '' ? message : 'is not valid';
    return `- ${formatPath(getProperty(issue, 'path'))}: ${words}`;
  });
  const left = issues.length - lines.length;
  return [...lines, ...(left > 0 ? [`- and ${left} more`] : [])].join('\n');
}

/** A path as the Amazon States Language writes it, from the root `$`. */
function formatPath(path: unknown): string {
  const segments: unknown[] = Array.isArray(path) ? path : [];
  return `$${segments.map(formatSegment).join('')}`;
}

function formatSegment(segment: unknown): string {
  const key = getProperty(segment, 'key') ?? segment;
  if (typeof key === 'string') {
    return /^[\p{L}_$][\p{L}\p{N}_$]*$/u.test(key) ? `.${key}` : `[${JSON.stringify(key)}]`;
  }
  return `[${typeof key === 'number' || typeof key === 'symbol' ? String(key) : formatValue(key)}]`;
}
