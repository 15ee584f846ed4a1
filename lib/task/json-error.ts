const SPACE = /[\t\n\r ]*/y;
// Without the closing quote: a character that must not stand in a string comes before it.
// eslint-disable-next-line no-control-regex -- JSON allows none of them in a string
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[\da-fA-F]{4}))*/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;

/**
 * Where a text stops being JSON: the index of the first wrong character, or the text's length if it
 * ends too early. Undefined if it is JSON.
 *
 * JSON.parse says the index in some of its messages only, and quotes the text in others.
 */
export function jsonErrorAt(text: string): number | undefined {
  /** The closing brackets that are still missing. */
  const open: ('}' | ']')[] = [];
  let at = 0;
  /** Moves past what `pattern` matches here. */
  const skip = (pattern: RegExp): boolean => {
    pattern.lastIndex = at;
    const found = pattern.test(text);
    if (found) at = pattern.lastIndex;
    return found;
  };
  const skipChar = (char: string): boolean => {
    skip(SPACE);
    const found = text[at] === char;
    if (found) at += 1;
    return found;
  };
  const skipString = (): boolean => {
    skip(SPACE);
    return skip(STRING) && skipQuote();
  };
  const skipQuote = (): boolean => {
    const found = text[at] === '"';
    if (found) at += 1;
    return found;
  };
  const skipKey = () => skipString() && skipChar(':');
  const skipEnds = () => {
    for (let end = open.at(-1); end !== undefined && skipChar(end); end = open.at(-1)) open.pop();
  };

  for (;;) {
    if (skipChar('[')) {
      open.push(']');
      skip(SPACE);
      if (text[at] !== ']') continue;
    } else if (skipChar('{')) {
      open.push('}');
      skip(SPACE);
      if (text[at] !== '}') {
        if (skipKey()) continue;
        return at;
      }
    } else if (text[at] === '"' ? !skipString() : !skip(NUMBER) && !skip(WORD)) {
      return at;
    }
    skipEnds();
    skip(SPACE);
    if (open.length === 0) return at === text.length ? undefined : at;
    if (!skipChar(',')) return at;
    if (open.at(-1) === '}' && !skipKey()) return at;
  }
}
