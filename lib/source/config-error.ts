/** The message of an unknown key begins with this. */
export const UNKNOWN_KEY = 'unknown key';

/** One thing that is wrong with a config. */
export interface ConfigIssue {
  /** The key; empty if it is the config itself. */
  readonly path: string;
  /** What was expected, what was given, and which key was probably meant. */
  readonly message: string;
}

/** The config is wrong. `message` names every bad key, what was expected and what was given. */
export class ConfigError extends Error {
  /** Distinguishes this error from others, without `instanceof`. */
  override readonly name = 'ConfigError';
  /** The same as data: one entry per bad key. */
  readonly issues: readonly ConfigIssue[];

  constructor(where: string, issues: readonly ConfigIssue[]) {
    super(`${where}: bad config\n${issues.map(formatIssue).join('\n')}`);
    this.issues = issues;
  }
}

/** An unknown key may be any text, line breaks included. */
function formatIssue({ path, message }: ConfigIssue): string {
  const key = message.startsWith(UNKNOWN_KEY) ? JSON.stringify(path) : path;
  return `- ${key === '' ? 'config' : key}: ${message}`;
}
