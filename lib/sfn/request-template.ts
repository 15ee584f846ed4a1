import type { ServiceInputTypes, ServiceOutputTypes, SFNClient } from '@aws-sdk/client-sfn';

/**
 * The SDK makes a signer for every call, from a copy of the client's whole configuration. One does: it
 * asks for the credentials each time that it signs.
 */
export function memoizeSigner({ config }: SFNClient): void {
  const makeSigner = config.signer;
  let kept: ReturnType<typeof makeSigner> | undefined;
  config.signer = (authScheme) =>
    (kept ??= makeSigner(authScheme).catch((error: unknown) => {
      kept = undefined;
      throw error;
    }));
}

/** What the stack of one kind of call had come to, once its request was built. */
interface RequestTemplate {
  request: Request;
  /** From there on: retries, signing, sending, reading the answer. */
  next(args: {
    input: ServiceInputTypes;
    request: unknown;
  }): Promise<{ response: unknown; output: ServiceOutputTypes }>;
}

interface Request {
  headers: Record<string, string>;
}

/**
 * Lets all calls of a kind but the first begin where that one was sent: with its endpoint, its
 * authentication scheme and its headers, and a body of their own. From there on each is retried and
 * signed as the SDK does it. To be used with `cacheMiddleware`, where calls of a kind share a stack.
 * After a call that failed, the next one is a first one again: what is kept can never be wrong for good.
 *
 * Holds for calls whose body is their input as JSON, and whose endpoint, path and headers depend neither on
 * it nor on the moment: those of AWS's JSON protocols, of which Step Functions has 1.0. (In a Lambda
 * function, a trace header would stay that of one invocation.) What the SDK notes down for a call's
 * signature is then one note for all calls of a kind: when it was signed, and by which offset of the
 * clock. It serves for nothing but that offset, which every answer sets anew.
 */
export function reuseFirstRequest({ middlewareStack }: SFNClient): void {
  /** By the context of a stack. */
  const built = new WeakMap<object, RequestTemplate>();

  middlewareStack.add(
    (next, context) => async (args) => {
      const first = built.get(context);
      if (first === undefined) return next(args);
      const { input } = args;
      const body = Buffer.from(JSON.stringify(input));
      const headers = { ...first.request.headers, 'content-length': String(body.byteLength) };
      try {
        return await first.next({ input, request: { ...first.request, headers, body } });
      } catch (error) {
        built.delete(context);
        throw error;
      }
    },
    { name: 'stepFuncSourceRepeatFirstRequest', step: 'initialize', priority: 'high' },
  );
  middlewareStack.add(
    (next, context) => (args) => {
      const request = args.request as Request & { body: unknown };
      // A copy: retries and signing go on to write into the request itself.
      const kept = { ...request, headers: { ...request.headers }, body: undefined };
      built.set(context, { next, request: kept });
      return next(args);
    },
    { name: 'stepFuncSourceKeepFirstRequest', step: 'build', priority: 'low' },
  );
}
