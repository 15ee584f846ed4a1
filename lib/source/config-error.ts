/** How the message of a key begins that the config does not know. */
export const UNKNOWN_KEY = 'unknown key';

/** One thing that is wrong with a config. */
export interface ConfigIssue {
  /** The key; empty if it is the config itself. */
  readonly path: string;
  /** What was expected, what came, and which key was probably meant. */
  readonly message: string;
}

/** The config is wrong. `message` names every bad key, what came and what is wanted. */
export class ConfigError extends Error {
  override readonly name = 'ConfigError';
  /** The same as data: one entry a bad key. */
  readonly issues: readonly ConfigIssue[];

  constructor(where: string, issues: readonly ConfigIssue[]) {
    super(`${where}: bad config\n${issues.map(formatIssue).join('\n')}`);
    this.issues = issues;
  }
}

/** A key that nobody knows may be anything, line breaks included. */
function formatIssue({ path, message }: ConfigIssue): string {
  const key = message.startsWith(UNKNOWN_KEY) ? JSON.stringify(path) : path;
  return `- ${key === '' ? 'config' : key}: ${message}`;
}
