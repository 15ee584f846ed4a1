/** A message may be a page of HTML, which would fill a log. */
const MAX_LENGTH = 1_000;
/** Line ends, and characters that would control a terminal. */
const NOT_PLAIN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\s]+/gu;

/** Makes a text fit for an event or a log line: one line, 1,000 characters at most. */
export function oneLine(text: string): string {
  const line = text.replaceAll(NOT_PLAIN, ' ').trim();
  if (line.length <= MAX_LENGTH) return line;
  // Without half a surrogate pair at the end.
  return `${line.slice(0, MAX_LENGTH - 1).replace(/[\ud800-\udbff]$/, '')}…`;
}
