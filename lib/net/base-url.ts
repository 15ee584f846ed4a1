import { formatValue } from '../common/format-value.js';

/** The parts of a base URL. A request's path is appended to `basePath`. */
export interface BaseUrl {
  origin: string;
  basePath: string;
}

/** @throws TypeError if it is not an http or https URL, or has a query, a fragment or credentials. */
export function parseBaseUrl(baseUrl: string | URL): BaseUrl {
  const url = URL.canParse(String(baseUrl)) ? new URL(baseUrl) : undefined;
  const plain =
    url !== undefined &&
    /^https?:$/.test(url.protocol) &&
    `${url.search}${url.hash}${url.username}${url.password}` === '';
  if (!plain) {
    throw new TypeError(
      `httpInvoke: expected baseUrl to be an http or https URL without query, fragment or credentials, got ${formatValue(withoutUser(baseUrl))}`,
    );
  }
  return { origin: url.origin, basePath: url.pathname.replace(/\/+$/, '') };
}

/** The URL for an error message. Text before an `@` is left out, since it may be a password. */
function withoutUser(baseUrl: unknown): unknown {
  if (typeof baseUrl !== 'string' && !(baseUrl instanceof URL)) return baseUrl;
  return String(baseUrl).replace(/^([a-z][a-z\d+.-]*:)?.*@/is, '$1…@');
}
