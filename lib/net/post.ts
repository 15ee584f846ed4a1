import { execute } from 'abort-controller-x';
import type { Dispatcher } from 'undici';
import { createCappedBody } from './capped-body.js';

export interface PostRequest {
  origin: string;
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** What came back. Names of headers are in lower case. */
export interface HttpResponse {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: Buffer;
}

/**
 * One POST over HTTP: sends it and reads the answer, of its body `mostBytes` at most: where they are
 * reached, the connection is closed.
 *
 * Rejects with undici's errors, and with the reason of `signal` when that aborts; the connection is
 * then closed too. Leaves no listener behind. Time is bounded by the dispatcher and by `signal`.
 *
 * It is on undici's `dispatch`, since undici's `request` makes a stream of every body, with which a
 * task costs 10 % more (docs/performance.md).
 */
export function post(
  dispatcher: Dispatcher,
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
          // It may have waited for a connection for longer than anybody wants its answer.
          if (signal.aborted) controller.abort(reasonOf(signal));
        },
        // Called for 103 Early Hints and the like too: the last one counts.
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
