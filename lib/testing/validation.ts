import { ServiceError } from './service-error.js';

/** The input of a call: that of an SDK command, or the JSON object of a request. */
export type Input = Record<string, unknown>;

/** The limits of the Step Functions API reference: characters, but for `output`: bytes of UTF-8. */
export const Limit = {
  activityArn: 256,
  name: 80,
  workerName: 80,
  taskToken: 2_048,
  error: 256,
  cause: 32_768,
  output: 262_144,
} as const;

type Field = keyof typeof Limit;

/** AWS never quotes these in an error message. */
const sensitive = new Set<Field>(['output', 'error', 'cause']);
/** These may be left out. */
const optionals = ['workerName', 'error', 'cause'] as const;
type Optional = (typeof optionals)[number];
const optional = new Set<Field>(optionals);
/** These may be empty. */
const mayBeEmpty = new Set<Field>(['output', 'error', 'cause']);

/** What `fieldsOf` returns: required fields are there, optional ones may be. */
type Fields<F extends Field> = Record<Exclude<F, Optional>, string> &
  Partial<Record<Extract<F, Optional>, string>>;

/**
 * Returns the named fields of a call's input.
 *
 * @throws ValidationException, which lists every constraint that failed.
 * @throws SerializationException if a field is not a string at all.
 */
export function fieldsOf<F extends Field>(input: Input, ...names: F[]): Fields<F> {
  const fields: Partial<Record<Field, string>> = {};
  const violations: string[] = [];
  for (const name of names) {
    const value = input[name] ?? undefined;
    if (value !== undefined && typeof value !== 'string') {
      throw new ServiceError('SerializationException', `Expected a string for '${name}'`);
    }
    const constraint = failedConstraint(name, value);
    if (constraint !== undefined) {
      violations.push(
        `Value ${quoted(name, value)}at '${name}' failed to satisfy constraint: ${constraint}`,
      );
    } else if (value !== undefined) {
      fields[name] = value;
    }
  }
  if (violations.length > 0) {
    const count = `${violations.length} validation error${violations.length === 1 ? '' : 's'}`;
    throw new ServiceError('ValidationException', `${count} detected: ${violations.join('; ')}`);
  }
  // A required field that is missing is a violation.
  return fields as Fields<F>;
}

function failedConstraint(name: Field, value: string | undefined): string | undefined {
  if (value === undefined) {
    return optional.has(name) ? undefined : 'Member must not be null';
  }
  if (value === '' && !mayBeEmpty.has(name)) {
    return 'Member must have length greater than or equal to 1';
  }
  const length = name === 'output' ? Buffer.byteLength(value) : value.length;
  if (length > Limit[name]) {
    return `Member must have length less than or equal to ${Limit[name]}`;
  }
  // This is stricter than AWS is known to be: half a surrogate pair never arrives unchanged.
  if ((name === 'error' || name === 'cause') && !value.isWellFormed()) {
    return 'Member must be well-formed Unicode, without lone surrogates';
  }
  return undefined;
}

function quoted(name: Field, value: string | undefined): string {
  if (sensitive.has(name)) return '';
  return value === undefined ? 'null ' : `'${value}' `;
}

// White space, brackets, wildcards, special characters, controls, U+FFFE and U+FFFF, and everything
// that UTF-16 needs surrogates for.
const forbiddenInName = /[\s<>{}[\]?*"#%\\^|~`$&,;:/\p{Cc}\ufffe\uffff\p{Cs}\u{10000}-\u{10ffff}]/u;

/**
 * Checks a name.
 *
 * @throws InvalidName if AWS does not take one of its characters.
 */
export function checkName(name: string): void {
  if (forbiddenInName.test(name)) {
    throw new ServiceError('InvalidName', `Invalid Name: '${name}'`);
  }
}

/**
 * Checks an ARN.
 *
 * @throws InvalidArn unless it is an activity's.
 */
export function checkActivityArn(arn: string): void {
  const complaint = complaintAbout(arn);
  if (complaint !== undefined) throw new ServiceError('InvalidArn', `Invalid Arn: '${complaint}'`);
}

function complaintAbout(arn: string): string | undefined {
  if (!arn.startsWith('arn:')) return `Invalid ARN prefix: ${arn}`;
  const [, partition, service, region, account, type, name, ...more] = arn.split(':');
  if (service === 'states' && type !== 'activity') {
    return `Resource type not valid in this context: ${type ?? ''}`;
  }
  const whole = partition && service === 'states' && region && account && name;
  if (whole && more.length === 0) return undefined;
  return `Expected arn:<partition>:states:<region>:<account>:activity:<name>: ${arn}`;
}

/**
 * Checks an output. The task stays open, as at AWS.
 *
 * @throws InvalidOutput unless it is JSON.
 */
export function checkOutput(output: string): void {
  if (!isJson(output)) {
    throw new ServiceError('InvalidOutput', "Invalid Output: 'The output is not valid JSON'");
  }
}

export function isJson(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
