import type { ServiceOutputTypes, SFNClient, SFNClientConfig } from '@aws-sdk/client-sfn';
import type { Dispatcher } from 'undici';
import type { Answer } from './exchange.js';
import { exchange } from './exchange.js';
import { field } from './field.js';

/** How an SFNClient's requests go out and its answers come in. */
export interface Transport {
  requestHandler: NonNullable<SFNClientConfig['requestHandler']>;
  addTo(client: SFNClient): void;
  /**
   * Has `signal` end the call with this input. In the SDK's own way, by an option of the call, calls
   * of a kind could not share a stack of middleware.
   */
  endBy(input: object, signal: AbortSignal): void;
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

/**
 * Sends on a dispatcher of undici's, and reads good answers itself: their JSON is the output. Any other
 * answer goes to the SDK, which makes its errors of it, and before that a copy of the client's whole
 * configuration.
 */
export function createTransport(dispatcher: Dispatcher): Transport {
  const signals = new WeakMap<object, AbortSignal>();
  /** What has come for a request, for the SDK to read. */
  const answers = new WeakMap<object, Answer>();

  async function send(request: Request, signal: AbortSignal): Promise<Answer> {
    const { protocol, hostname, port, path, headers, body } = request;
    const origin = `${protocol}//${hostname}${port === undefined ? '' : `:${port}`}`;
    try {
      return await exchange(dispatcher, { origin, path, headers, body }, signal, Infinity);
    } catch (error) {
      throw signal.aborted ? aborted(error) : named(error);
    }
  }

  return {
    requestHandler: {
      handle: (request: object) => Promise.resolve({ response: responseOf(answers.get(request)) }),
      updateHttpClientConfig: () => undefined,
      httpHandlerConfigs: () => ({}),
      destroy: () => void dispatcher.destroy(),
    },
    addTo({ middlewareStack }) {
      middlewareStack.add(
        (next) => async (args) => {
          const request = args.request as Request;
          const answer = await send(request, signals.get(args.input) ?? neverAborted());
          const output = outputOf(answer);
          if (output !== undefined) return { response: headOf(answer), output };
          answers.set(request, answer);
          return next(args);
        },
        { name: 'stepFuncSourceTransport', step: 'deserialize', priority: 'high' },
      );
    },
    endBy: (input, signal) => void signals.set(input, signal),
  };
}

function neverAborted(): AbortSignal {
  return new AbortController().signal;
}

/** All that the SDK wants of a good answer: its signer reads the date, to set its clock by. */
function headOf({ status, headers }: Answer) {
  return { statusCode: status, headers };
}

/** The SDK's HttpResponse, in which a header is a string. */
function responseOf(answer: Answer | undefined) {
  if (answer === undefined) throw new Error('A request was not sent by the transport of its client');
  const headers: Record<string, string> = {};
  for (const [name, value] of Object.entries(answer.headers)) {
    if (value !== undefined) headers[name] = typeof value === 'string' ? value : value.join(', ');
  }
  return { statusCode: answer.status, headers, body: answer.body };
}

/** Undefined where the SDK has to say what is wrong. */
function outputOf({ status, body }: Answer): ServiceOutputTypes | undefined {
  if (status !== 200) return undefined;
  try {
    const output: unknown = JSON.parse(body.toString());
    if (typeof output !== 'object' || output === null) return undefined;
    return Object.assign(output, { $metadata: { httpStatusCode: status } });
  } catch {
    return undefined;
  }
}

/** The SDK retries by these names. */
const names = new Map<unknown, string>([
  ['UND_ERR_CONNECT_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_HEADERS_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_BODY_TIMEOUT', 'TimeoutError'],
  ['UND_ERR_SOCKET', 'RequestTimeout'],
]);

function named(error: unknown): unknown {
  const name = names.get(field(error, 'code'));
  return name === undefined || !(error instanceof Error) ? error : Object.assign(error, { name });
}

/** By this name the SDK knows not to retry. */
function aborted(cause: unknown): Error {
  return Object.assign(new Error('The call was aborted', { cause }), { name: 'AbortError' });
}
