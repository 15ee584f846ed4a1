/** A log line is no place for a page of HTML. */
const MAX_LENGTH = 1_000;
/** Line ends, and characters that would steer a terminal. */
const NOT_PLAIN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu;

/** A text as it may stand in an event or a log line: on one line, of 1,000 characters at most. */
export function oneLine(text: string): string {
  const line = text.replaceAll(NOT_PLAIN, ' ').trim();
  if (line.length <= MAX_LENGTH) return line;
  // Never half a surrogate pair.
  return `${line.slice(0, MAX_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
