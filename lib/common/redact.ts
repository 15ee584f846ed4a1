/** Takes the place of a secret. */
const REDACTED = '…';
/**
 * A shorter piece of a secret gives nothing away, and would be found in texts that quote nothing.
 */
const MIN_QUOTE = 16;
/** Any common piece of `2 * BLOCK - 1` characters covers one whole block of the text. */
const BLOCK = 8;
/** A shorter secret is left in the text: `1` and `null` are inputs too. */
const MIN_SECRET = 6;
/** The end of a user part is looked for in so many characters, so that a long text costs little. */
const MAX_URL = 4_096;

/**
 * Replaces secrets in a text by `…`, before it stands in an event, a log line or a task's cause.
 * These are replaced:
 *
 * - The user part, the query and the fragment of a URL, and the query of a path.
 * - The values of authorization headers, API keys and cookies, and of AWS's signatures.
 * - What AWS quotes of a request (`Value '…' at 'cause'`).
 * - Any of `secrets`, whole, or a piece of 16 characters or more.
 *
 * @param secrets - What the request carried, for example a task's token and input.
 * @example redact('GET http://worker:hunter2@app/sum?key=1'); // 'GET http://…@app/sum?…'
 */
export function redact(text: string, secrets: readonly string[] = []): string {
  let redacted = text;
  for (const secret of secrets) redacted = withoutQuotes(redacted, secret);
  return redactUrls(redacted)
    .replaceAll(pathWithQuery, `$1$2${REDACTED}`)
    .replaceAll(namedValue, `$1$2${REDACTED}`)
    .replaceAll(schemeAndValue, `$1 ${REDACTED}`)
    .replaceAll(signature, `$1=${REDACTED}`)
    .replaceAll(quotedByAws, `Value '${REDACTED}' at '`)
    .replaceAll(quotedByFetch, `"${REDACTED}" is an invalid header value`);
}

// URL parsers take `http:/host` and `http:\\\\host` for `http://host`.
const urlStart = /(?:\b(?:https?|wss?):[/\\]*|(?:\b[a-z][a-z\d+.-]*:)?[/\\]{2})(?=[^\s/\\])/gi;
const pathWithQuery = /(^|[\s"'(<=])(\/(?![/\\])[^\s?#]*[?#])(?!…)[^\s"'<>)]+/g;
const namedValue =
  /\b((?:proxy-)?authorization|x-amz-security-token|(?:x-)?api-?key|(?:set-)?cookie)(["']?\s*[:=]\s*["']?)(?:[a-z][\w-]*[ \t]+)?[^\s"']+(?:[ \t]+[\w-]+=[^\s"']+)*/gi;
// "Basic authentication is required" has no value behind its scheme.
const schemeAndValue =
  /\b(Bearer|Basic|Digest|Negotiate|ApiKey)[ \t]+(?!…|auth|token|scheme|realm|access|cred)[\w.~+/=-]{4,}/gi;
const signature = /\b(Credential|Signature|X-Amz-Signature)=(?!…)[^\s,&"']+/g;
const quotedByAws = /Value '[^]*?' at '/g;
const quotedByFetch = /"[^"]*" is an invalid header value/g;

function redactUrls(text: string): string {
  let redacted = '';
  let done = 0;
  urlStart.lastIndex = 0;
  for (let found = urlStart.exec(text); found !== null; found = urlStart.exec(text)) {
    const start = urlStart.lastIndex;
    // The whole line, since a password may have blanks.
    const [line = ''] = /^.*/.exec(text.slice(start, start + MAX_URL)) ?? [];
    const userEnd = endOfUser(line);
    const [target = ''] = /^\S*/.exec(line.slice(userEnd)) ?? [];
    const user = userEnd === 0 ? '' : `${REDACTED}@`;
    redacted += text.slice(done, start) + user + withoutQuery(target);
    done = start + userEnd + target.length;
    urlStart.lastIndex = done;
  }
  return redacted + text.slice(done);
}

/** The index at which the host begins, after the last `@`. 0 if there is no user part. */
function endOfUser(line: string): number {
  const [word = ''] = /^\S*/.exec(line) ?? [];
  const [authority = ''] = /^[^/\\?#]*/.exec(word) ?? [];
  // If the password has a `/`, an `@` behind it belongs to the user part too.
  if (authority.includes('@')) return (/^[^?#]*@/.exec(word)?.[0] ?? '').length;
  if (isHost(authority, authority === word)) return 0;
  // This is not a host, so it is a user part with a `/`, `?`, `#` or blank in it. That is not valid,
  // but its password must not be shown.
  return word.includes('@') ? word.lastIndexOf('@') + 1 : line.indexOf('@') + 1;
}

/** A full stop or a quote of the sentence may follow a host at the end of a word. */
function isHost(authority: string, isWord: boolean): boolean {
  const bare = isWord ? authority.replace(/["'.,;:)>\]}]*$/, '') : authority;
  return /^(?:\[[\da-f:.%]+\]?|[\p{L}\d._~%-]*)(?::\d+)?$/iu.test(bare);
}

/** Keeps the quotes and full stops that surround a URL in a sentence. */
function withoutQuery(word: string): string {
  const at = word.search(/[?#]/);
  if (at === -1 || at === word.length - 1) return word;
  const [around = ''] = /["'.,;:)>\]}]*$/.exec(word) ?? [];
  return `${word.slice(0, at + 1)}${REDACTED}${around}`;
}

/** The text without quotes of `secret`, in its own characters or as a JSON string. */
function withoutQuotes(text: string, secret: string): string {
  if (secret.length < MIN_SECRET) return text;
  const escaped = JSON.stringify(secret).slice(1, -1);
  const forms = escaped === secret ? [secret] : [escaped, secret];
  let redacted = text;
  for (const form of forms) redacted = withoutPieces(redacted.replaceAll(form, REDACTED), form);
  return redacted;
}

/** The text without pieces of `secret` of `MIN_QUOTE` characters or more. */
function withoutPieces(text: string, secret: string): string {
  if (secret.length < MIN_QUOTE) return text;
  let kept = '';
  let done = 0;
  for (let at = 0; at + BLOCK <= text.length; at += BLOCK) {
    if (at < done) continue;
    const found = secret.indexOf(text.slice(at, at + BLOCK));
    if (found === -1) continue;
    const [start, end] = commonPiece(text, secret, at, found, done);
    if (end - start < MIN_QUOTE) continue;
    kept += text.slice(done, start) + REDACTED;
    done = end;
  }
  return kept + text.slice(done);
}

/** Extends a common character of both texts to both sides, as far as they are equal. */
function commonPiece(
  text: string,
  secret: string,
  at: number,
  found: number,
  from: number,
): [start: number, end: number] {
  let before = 0;
  while (
    at - before > from &&
    found > before &&
    text[at - before - 1] === secret[found - before - 1]
  )
    before += 1;
  let after = 0;
  while (at + after < text.length && text[at + after] === secret[found + after]) after += 1;
  return [at - before, at + after];
}
