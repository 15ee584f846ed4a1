/** How deep a chain of causes is told; a longer one has told enough. */
const MAX_DEPTH = 8;

/**
 * An error and its causes in words, outermost first: `TypeError: fetch failed <- Error: connect
 * ECONNREFUSED 127.0.0.1:8080`. Takes whatever was thrown, an error or not, and never throws.
 */
export function formatError(thrown: unknown): string {
  const told: string[] = [];
  const seen = new Set<unknown>();
  for (let error = thrown; told.length < MAX_DEPTH && !seen.has(error); error = causeOf(error)) {
    if (error === undefined && told.length > 0) break;
    seen.add(error);
    told.push(describeOne(error));
  }
  return told.join(' <- ');
}

function describeOne(error: unknown): string {
  try {
    if (!(error instanceof Error)) return `thrown: ${String(error)}`;
    const text = String(error);
    const code: unknown = Reflect.get(error, 'code');
    return typeof code === 'string' && !text.includes(code) ? `${text} (${code})` : text;
  } catch {
    return 'an error that can not be put into words';
  }
}

function causeOf(error: unknown): unknown {
  if (!(error instanceof Error)) return undefined;
  // A connection tried over several addresses: the first one's failure speaks for all.
  if (error.cause === undefined && error instanceof AggregateError) {
    return error.errors[0] as unknown;
  }
  return error.cause;
}
