import { formatError } from '../common/format-error.js';
import { contentCoding, undoContentCoding } from '../net/content-coding.js';
import type { HttpResponse } from '../net/post.js';
import { decodeUtf8 } from './decode-text.js';
import type { InvokeResponse } from './invoke.js';

/**
 * Makes the invoke's response of an HTTP response. A known content coding is decoded. The body
 * becomes text if it is UTF-8; otherwise it stays bytes, and is decoded when it is read as an
 * output.
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
  // These two headers describe the coded body, and would be wrong for the decoded one.
  const decoded = { ...headers, 'content-encoding': undefined, 'content-length': undefined };
  try {
    return { status, headers: decoded, body: await undoContentCoding(coding, body, maxBytes) };
  } catch (error) {
    if (status === 200) throw error;
    // A failure is reported by its header, even if its body can't be decoded.
    return { status, headers: decoded, body: Buffer.from(formatError(error)) };
  }
}

/** A body with a declared charset stays bytes: they may be valid UTF-8 by chance. */
function withText({ status, headers, body }: HttpResponse): InvokeResponse {
  const declaresOther = /charset(?!\s*=\s*["']?utf-?8)/i.test(String(headers['content-type']));
  return { status, headers, body: (declaresOther ? undefined : decodeUtf8(body)) ?? body };
}
