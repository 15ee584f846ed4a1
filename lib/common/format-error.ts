import { getProperty } from './property.js';

/** A longer chain of causes is cut. */
const MAX_DEPTH = 8;

/**
 * An error and its causes as text, outermost first: `TypeError: fetch failed <- Error: connect
 * ECONNREFUSED 127.0.0.1:8080`. Takes any value, an error or not, and never throws.
 */
export function formatError(thrown: unknown): string {
  return errorChain(thrown).map(formatLink).join(' <- ');
}

/** The error and its causes, outermost first, each once, eight at most. */
export function errorChain(thrown: unknown): unknown[] {
  const chain = new Set<unknown>([thrown]);
  for (let error = causeOf(thrown); chain.size < MAX_DEPTH; error = causeOf(error)) {
    if (error === undefined || error === null || chain.has(error)) break;
    chain.add(error);
  }
  return [...chain];
}

/** One error as text, without its causes. By shape, so that errors of another realm will do. */
export function formatLink(error: unknown): string {
  const message = getProperty(error, 'message');
  if (typeof message !== 'string') return formatNonError(error);
  const name = getProperty(error, 'name');
  const label = typeof name === 'string' && name !== '' ? name : 'Error';
  const text = message === '' ? label : `${label}: ${message}`;
  const code = getProperty(error, 'code');
  return typeof code === 'string' && !text.includes(code) ? `${text} (${code})` : text;
}

function formatNonError(thrown: unknown): string {
  try {
    return `thrown: ${String(thrown)}`;
  } catch {
    return 'an error that can not be put into words';
  }
}

function causeOf(error: unknown): unknown {
  const cause = getProperty(error, 'cause');
  if (cause !== undefined) return cause;
  // If a connection was tried over several addresses, the first failure stands for all.
  const errors = getProperty(error, 'name') === 'AggregateError' && getProperty(error, 'errors');
  return Array.isArray(errors) ? (errors[0] as unknown) : undefined;
}
