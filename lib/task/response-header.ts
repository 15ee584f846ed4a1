import { getProperty } from '../common/property.js';

/** What a response may hold its headers in: fetch's Headers, those of another fetch, or an object. */
export type ResponseHeaders = Headers | Record<string, string | string[] | undefined>;

/**
 * A header's text, or undefined where it is absent or empty. `name` is in lower case. Values of one
 * that was sent more than once are joined by `, `; equal ones count once.
 *
 * Bytes of a header arrive as Latin-1, but components send UTF-8: what is valid UTF-8 is taken as such.
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
 * A text that was repeated before it came here: `E, E` is `E`. Fetch and Node's http join the values
 * of a header that was sent more than once, as a proxy may do it. Longer texts may repeat themselves.
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

// By shape: the Headers of another fetch are as good as the global ones.
function isHeaders(headers: ResponseHeaders): headers is Headers {
  return typeof getProperty(headers, 'get') === 'function';
}

/** Of an object, in which names may be in any case, and the same name in several. */
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
