import { describe, expect, it } from 'vitest';
import { hang } from '../support/integration/component.js';
import {
  awsError,
  kinds,
  send,
  success,
  useDefaultClients,
} from '../support/integration/default-clients.js';
import { until } from '../support/integration/until.js';

const scene = useDefaultClients();

describe('aborts of the default clients', () => {
  it.each(['poll', 'report'] as const)(
    'S2: end a call on the %s client and its connection, and it is not sent again',
    async (of) => {
      const [, , command] = kinds.find(([, client]) => client === of) ?? kinds[0] ?? [];
      if (command === undefined) throw new Error('There is no such kind of call');
      await send(scene.clients[of], command(0));
      scene.answer = hang;
      const controller = new AbortController();
      const call = send(scene.clients[of], command(1), controller.signal);
      await until(() => expect(scene.aws.unanswered()).toBe(1));
      // A reason by whose name the SDK would send it again.
      controller.abort(Object.assign(new Error('late'), { name: 'TimeoutError' }));
      await expect(call).rejects.toMatchObject({ name: 'AbortError' });
      // Its connection is closed: the other side can not respond any more.
      await until(() => expect(scene.aws.unanswered()).toBe(0));
      expect(scene.aws.requests).toHaveLength(2);
    },
  );

  it('S2: a report whose next try is waited for is not sent again', async () => {
    scene.answer = awsError(400, 'ThrottlingException');
    const controller = new AbortController();
    const call = send(scene.clients.report, success(), controller.signal);
    await until(() => expect(scene.aws.requests).toHaveLength(1));
    controller.abort();
    await expect(call).rejects.toMatchObject({ name: 'AbortError' });
    expect(scene.aws.requests).toHaveLength(1);
  });

  it('S3: destroy() closes every connection, and no call goes out after it', async () => {
    await Promise.all(kinds.map(([, of, command]) => send(scene.clients[of], command(0))));
    expect(scene.aws.connections()).toBeGreaterThan(1);
    scene.clients.destroy();
    await until(() => expect(scene.aws.connections()).toBe(0));
    const before = scene.aws.requests.length;
    await expect(send(scene.clients.poll, kinds[1]?.[2](1) ?? {})).rejects.toThrow();
    expect(scene.aws.requests).toHaveLength(before);
  });
});
