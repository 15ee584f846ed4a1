import { SFNClient } from '@aws-sdk/client-sfn';
import { describe, expect, it, vi } from 'vitest';
import type { SfnClient } from '../../../lib/sfn/api.js';
import { prepareClient, requireRegion } from '../../../lib/sfn/prepare-client.js';
import { FakeSfn } from '../../../lib/testing/index.js';

const noRegion = new Error('Region is missing');
const send = () => Promise.resolve({});

/** A client whose stack lists these middlewares. */
function sdkClient(middlewares: unknown, region: unknown = () => Promise.resolve('eu-west-1')) {
  class Client {
    middlewareStack = { identify: () => middlewares };
    config = { region };
    send = send;
  }
  // As in the SDK, `send` is a method of the class.
  const client = new Client();
  Object.defineProperty(Client.prototype, 'send', { value: send, writable: true });
  Reflect.deleteProperty(client, 'send');
  return client as unknown as SfnClient;
}

const current = ['serializerMiddleware (b) - serialize', 'retryMiddleware - finalizeRequest'];

describe('prepareClient', () => {
  it("takes the SDK's own client", async () => {
    const client = new SFNClient({ region: 'eu-west-1' });
    await prepareClient(client);
    client.destroy();
  });

  it('refuses a client whose stack has no serializer for the commands of this SDK', async () => {
    await expect(prepareClient(sdkClient(['retryMiddleware']))).rejects.toMatchObject({
      name: 'SdkError',
      message: expect.stringMatching(
        /older SDK.*@aws-sdk\/client-sfn 3\.\d+\.\d+ or later/,
      ) as string,
    });
  });

  it('refuses a client without a region, and keeps the cause', async () => {
    const client = sdkClient(current, () => Promise.reject(noRegion));
    await expect(prepareClient(client)).rejects.toMatchObject({
      name: 'RegionError',
      cause: noRegion,
    });
  });

  it('asks for the region as a method of the config', async () => {
    const client = sdkClient(current);
    Object.assign(client as object, {
      config: {
        known: 'eu-west-1',
        async region(this: { known: string }) {
          return this.known;
        },
      },
    });
    await expect(prepareClient(client)).resolves.toBeUndefined();
  });

  it.each<[string, unknown]>([
    ['of the test kit', new FakeSfn()],
    ['without a stack', { send }],
    ['whose send a test has replaced', Object.assign(sdkClient([]) as object, { send })],
    ['whose stack lists nothing that is known', sdkClient('another kind of stack')],
    ['without a region to ask for', sdkClient(current, 'eu-west-1')],
  ])('does not judge a client %s', async (_, client) => {
    await expect(prepareClient(client as SfnClient)).resolves.toBeUndefined();
  });
});

describe('requireRegion', () => {
  it('resolves if there is one, asked for once', async () => {
    const region = vi.fn(async () => 'eu-west-1');
    await requireRegion(region);
    expect(region).toHaveBeenCalledOnce();
  });

  it('rejects with a RegionError, also if the provider throws', async () => {
    const region = () => {
      throw noRegion;
    };
    await expect(requireRegion(region)).rejects.toMatchObject({
      name: 'RegionError',
      message: 'There is no region to call Step Functions in',
      cause: noRegion,
    });
  });
});
