import { getProperty } from '../common/property.js';

/** The headers of a response: fetch's Headers, those of another fetch, or an object. */
export type ResponseHeaders = Headers | Record<string, string | string[] | undefined>;

/**
 * A header's text. Undefined if it is absent or empty. `name` is in lower case. If it was sent more
 * than once, its values are joined by `, `, and equal values count once.
 *
 * The bytes of a header arrive as Latin-1, but components send UTF-8. A text that is valid UTF-8 is
 * read as UTF-8.
 */
export function responseHeader(headers: ResponseHeaders, name: string): string | undefined {
  const values = isHeaders(headers) ? [headers.get(name)] : valuesOf(headers, name);
  const texts = values.flat(2).flatMap((value) => {
    const isText = typeof value === 'string' || typeof value === 'number';
    return isText && value !== '' ? [decode(String(value))] : [];
  });
  return texts.length === 0 ? undefined : [...new Set(texts)].join(', ');
}

/**
 * A text without its repetition: `E, E` becomes `E`. A proxy may send a header twice, and fetch and
 * Node's http join the values. A longer text may repeat itself on purpose.
 */
export function unrepeated(text: string): string {
  const parts = text.split(', ');
  for (let size = 1; size <= parts.length / 2; size += 1) {
    if (parts.length % size !== 0) continue;
    if (parts.every((part, i) => part === parts[i % size])) {
      return parts.slice(0, size).join(', ') || text;
    }
  }
  return text;
}

// By shape, so that the Headers of another fetch fit too.
function isHeaders(headers: ResponseHeaders): headers is Headers {
  return typeof getProperty(headers, 'get') === 'function';
}

/**
 * The values of a name in an object, whose keys may be in any case, and the same name in several.
 */
function valuesOf(headers: Record<string, unknown>, name: string): unknown[] {
  return Object.entries(headers).flatMap(([key, value]) =>
    key.toLowerCase() === name ? [value] : [],
  );
}

const utf8 = new TextDecoder('utf-8', { fatal: true });

function decode(text: string): string {
  // eslint-disable-next-line no-control-regex -- all of Latin-1, which is where bytes land
  if (!/[\u0080-\u00ff]/.test(text) || /[^\u0000-\u00ff]/.test(text)) return text;
  try {
    return utf8.decode(Buffer.from(text, 'latin1'));
  } catch {
    return text;
  }
}
