import { execute } from 'abort-controller-x';
import type { Dispatcher } from 'undici';
import { createCappedBody } from './capped-body.js';
import type { Dispatching } from './connections.js';

export interface PostRequest {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** The response. Names of headers are in lower case. */
export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/**
 * Sends one POST and reads the response, `mostBytes` of its body at most. If the body has more, the
 * connection is closed.
 *
 * Rejects with undici's errors, or with the reason of `signal` when that aborts. The connection is
 * then closed too. Leaves no listener behind. The dispatcher and `signal` limit the time.
 *
 * It uses undici's `dispatch`, since undici's `request` makes a stream of every body. With streams
 * a task costs 10 % more CPU (docs/performance.md).
 */
export function post(
  dispatcher: Dispatching,
  request: PostRequest,
  signal: AbortSignal,
  mostBytes: number,
): Promise<HttpResponse> {
  return execute<HttpResponse>(signal, (resolve, reject) => {
    let status = 0;
    let headers: HttpResponse['headers'] = {};
    const body = createCappedBody(mostBytes);
    let started: Dispatcher.DispatchController | undefined;
    const end = () => resolve({ status, headers, body: body.bytes() });

    dispatcher.dispatch(
      { ...request, method: 'POST' },
      {
        onRequestStart(controller) {
          started = controller;
          // `signal` may have aborted while the request waited for a connection.
          if (signal.aborted) controller.abort(reasonOf(signal));
        },
        // Also called for 103 Early Hints and the like. The last call counts.
        onResponseStart(_, newStatus, newHeaders) {
          status = newStatus;
          headers = newHeaders;
        },
        onResponseData(controller, chunk) {
          if (body.add(chunk)) return;
          end();
          controller.abort(new Error(`More than ${mostBytes} bytes are not wanted`));
        },
        onResponseEnd: end,
        onResponseError: (_, error) => reject(signal.aborted ? signal.reason : error),
      },
    );
    return () => started?.abort(reasonOf(signal));
  });
}

function reasonOf({ reason }: AbortSignal): Error {
  return reason instanceof Error ? reason : new Error(String(reason));
}
