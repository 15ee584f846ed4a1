import type { Connections } from '../../../lib/net/connections.js';
import { createSource } from '../../../lib/source/source.js';
import { systemClock } from '../../../lib/async/clock.js';
import type { Dispatcher } from 'undici';
import type { AwsCall } from './aws-calls.js';

/** What the source's own clients are made with: they don't look for a region or for credentials. */
export const clientConfig = {
  region: 'us-east-1',
  credentials: { accessKeyId: 'AKIDEXAMPLE', secretAccessKey: 'secret' },
};

type Handler = Dispatcher.DispatchHandler;

/**
 * The connections of the source's own clients: undici's dispatch, over the simulated network. The
 * SDK's signatures, retries and errors are real.
 */
export function createDispatcher(call: (call: AwsCall) => () => void): Connections {
  /** How often a call was sent, by the SDK's id of it. */
  const attempts = new Map<string, number>();
  /** What aborts the calls under way. */
  const underWay = new Set<() => void>();

  return {
    dispatch({ headers, body }, handler: Handler) {
      const sent = headersOf(headers);
      const id = sent.get('amz-sdk-invocation-id') ?? '';
      const retries = attempts.get(id) ?? 0;
      attempts.set(id, retries + 1);
      const controller = {
        aborted: false,
        paused: false,
        reason: null,
        pause: () => undefined,
        resume: () => undefined,
        abort(reason: Error) {
          underWay.delete(destroy);
          abortCall();
          handler.onResponseError?.(controller, reason);
        },
      } satisfies Dispatcher.DispatchController;

      const respond = (status: number, output: object): void => {
        handler.onResponseStart?.(controller, status, { 'content-type': CONTENT_TYPE }, '');
        handler.onResponseData?.(controller, Buffer.from(JSON.stringify(output)));
        handler.onResponseEnd?.(controller, {});
      };

      const destroy = () => controller.abort(new Error('The connection was destroyed'));
      handler.onRequestStart?.(controller, {});
      underWay.add(destroy);
      const abortCall = call({
        operation: (sent.get('x-amz-target') ?? '').replace('AWSStepFunctions.', ''),
        input: JSON.parse(Buffer.from(body as Uint8Array).toString()) as Record<string, unknown>,
        retries,
        succeed(output) {
          underWay.delete(destroy);
          respond(200, output);
        },
        fail(error) {
          underWay.delete(destroy);
          const { $metadata } = error as { $metadata?: { httpStatusCode: number } };
          if ($metadata === undefined) handler.onResponseError?.(controller, error);
          else respond($metadata.httpStatusCode, { __type: error.name, message: error.message });
        },
      });
      return true;
    },
    destroy() {
      for (const destroy of underWay) destroy();
    },
  };
}

const CONTENT_TYPE = 'application/x-amz-json-1.0';

/** Of undici's two forms: names and values in turn, or an object. */
function headersOf(given: Dispatcher.DispatchOptions['headers']): Map<string, string> {
  if (!Array.isArray(given)) return new Map(Object.entries(given as Record<string, string>));
  const headers = new Map<string, string>();
  for (let at = 0; at + 1 < given.length; at += 2) {
    headers.set(String(given[at]), String(given[at + 1]));
  }
  return headers;
}

let warm: Promise<void> | undefined;

/**
 * Has the SDK read its files, and load what it loads late. It remembers all of that for the life of
 * the process; a run in which it still had to would not be the same again.
 */
export function warmUp(): Promise<void> {
  warm ??= (async () => {
    const answers = ({ operation, succeed }: AwsCall) => {
      setImmediate(() => succeed(operation === 'CreateActivity' ? { activityArn: 'arn' } : {}));
      return () => undefined;
    };
    const source = createSource(
      { activityName: 'warm', path: '/' },
      () => Promise.reject(new Error('There is no task')),
      { clientConfig },
      systemClock,
      () => createDispatcher(answers),
    );
    await source.start();
    await source.stop({ graceMs: 0 });
  })();
  return warm;
}
