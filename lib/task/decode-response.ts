import { formatError } from '../common/format-error.js';
import { contentCoding, undoContentCoding } from '../net/content-coding.js';
import type { HttpResponse } from '../net/post.js';
import { decodeUtf8 } from './decode-text.js';
import type { InvokeResponse } from './invoke.js';

/**
 * What an HTTP response is to the source: its content coding is undone, if it is one that is known,
 * and its body is text if it is UTF-8. What else the body may be shows when it is read as an output.
 *
 * @throws Error if the body of a success can't be decoded.
 */
export function decodeResponse(
  response: HttpResponse,
  maxBytes: number,
): InvokeResponse | Promise<InvokeResponse> {
  const coding = contentCoding(response.headers['content-encoding']);
  return coding === undefined
    ? withText(response)
    : undo(response, coding, maxBytes).then(withText);
}

async function undo(
  { status, headers, body }: HttpResponse,
  coding: string,
  maxBytes: number,
): Promise<HttpResponse> {
  // Both are those of what was sent.
  const decoded = { ...headers, 'content-encoding': undefined, 'content-length': undefined };
  try {
    return { status, headers: decoded, body: await undoContentCoding(coding, body, maxBytes) };
  } catch (error) {
    if (status === 200) throw error;
    // The component's own error name counts for more than what the body says.
    return { status, headers: decoded, body: Buffer.from(formatError(error)) };
  }
}

/** A declared charset is left to the mapping of the response: its bytes may pass for UTF-8. */
function withText({ status, headers, body }: HttpResponse): InvokeResponse {
  const declaresOther = /charset(?!\s*=\s*["']?utf-?8)/i.test(String(headers['content-type']));
  return { status, headers, body: (declaresOther ? undefined : decodeUtf8(body)) ?? body };
}
