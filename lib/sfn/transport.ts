import type { ServiceOutputTypes, SFNClient } from '@aws-sdk/client-sfn';
import type { Dispatcher } from 'undici';
import type { HttpResponse } from '../net/post.js';
import { post } from '../net/post.js';
import { getProperty } from '../common/property.js';

/** How an SFNClient's requests go out and its answers come in. */
export interface Transport {
  addTo(client: SFNClient): void;
  /**
   * Has `signal` end the call with this input. In the SDK's own way, by an option of the call, calls of
   * a kind could not share a stack of middleware.
   */
  setAbortSignal(input: object, signal: AbortSignal): void;
}

/** As much of the SDK's HttpRequest as is needed. */
interface Request {
  protocol: string;
  hostname: string;
  port?: number;
  path: string;
  headers: Record<string, string>;
  body: string | Uint8Array;
}

/** What the first of two middlewares hands on to the second, past the SDK's own. */
type Answered<T> = T & { answer: HttpResponse };

/**
 * Sends on a dispatcher of undici's. To make an output of an answer the SDK copies its whole
 * configuration each time, so good answers are read here: their JSON is the output. Any other is left
 * to the SDK, whose errors it makes.
 *
 * It stands in the stack of middleware, and not in the place of the client's requestHandler, since the SDK
 * gives that to other clients as well: those that get credentials from STS.
 */
export function createTransport(dispatcher: Dispatcher): Transport {
  const signals = new WeakMap<object, AbortSignal>();

  async function send(request: Request, signal: AbortSignal): Promise<HttpResponse> {
    const { protocol, hostname, port, path, headers, body } = request;
    const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
    try {
      return await post(dispatcher, { origin, path, headers, body }, signal, Infinity);
    } catch (error) {
      throw signal.aborted ? aborted(error) : named(error);
    }
  }

  return {
    addTo({ middlewareStack }) {
      // Before the SDK's deserializer …
      middlewareStack.add(
        (next) => async (args) => {
          const request = args.request as Request;
          const answer = await send(request, signals.get(args.input) ?? neverAborted());
          const output = outputOf(answer);
          if (output !== undefined) return { response: headOf(answer), output };
          return next({ ...args, answer } as Answered<typeof args>);
        },
        { name: 'stepFuncSourceTransport', step: 'deserialize', priority: 'high' },
      );
      // … and behind it, in place of the requestHandler.
      middlewareStack.add(
        () => (args) =>
          Promise.resolve({ response: responseOf((args as Answered<typeof args>).answer) }),
        { name: 'stepFuncSourceAnswer', step: 'deserialize', priority: 'low' },
      );
    },
    setAbortSignal: (input, signal) => void signals.set(input, signal),
  };
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

/** Undefined where the SDK has to say what is wrong. */
function outputOf({ status, body }: HttpResponse): ServiceOutputTypes | undefined {
  if (status !== 200) return undefined;
  try {
    const output: unknown = JSON.parse(body.toString());
    if (typeof output !== 'object' || output === null) return undefined;
    return Object.assign(output, { $metadata: { httpStatusCode: status } });
  } catch {
    return undefined;
  }
}

/** All that the SDK wants of a good answer: its signer reads the date, to set its clock by. */
function headOf({ status, headers }: HttpResponse) {
  return { statusCode: status, headers };
}

/** The SDK's HttpResponse, in which a header is a string. */
function responseOf({ status, headers, body }: HttpResponse) {
  const joined: Record<string, string> = {};
  for (const [name, value] of Object.entries(headers)) {
    if (value !== undefined) joined[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return { statusCode: status, headers: joined, body };
}

/** The SDK retries by these names. */
const names = new Map<unknown, string>([
  ['UND_ERR_CONNECT_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_HEADERS_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_BODY_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_SOCKET', 'RequestTimeout'],
]);

function named(error: unknown): unknown {
  const name = names.get(getProperty(error, 'code'));
  return name === undefined || !(error instanceof Error) ? error : Object.assign(error, { name });
}

/** By this name the SDK knows not to retry. */
function aborted(cause: unknown): Error {
  return Object.assign(new Error('The call was aborted', { cause }), { name: 'AbortError' });
}
