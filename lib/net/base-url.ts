import { formatValue } from '../common/format-value.js';

/** A base URL's parts: a request's path is put behind `basePath`. */
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

/** As it may stand in an error message: before an `@` there may be a password, however it is written. */
function withoutUser(baseUrl: unknown): unknown {
  if (typeof baseUrl !== 'string' && !(baseUrl instanceof URL)) return baseUrl;
  return String(baseUrl).replace(/^([a-z][a-z\d+.-]*:)?.*@/is, '$1…@');
}
