import { beforeEach, expect, it, vi } from 'vitest';
import { createStepFuncSource } from '../../../lib/index.js';
import { FakeSfn } from '../../../lib/testing/index.js';

const own = vi.hoisted(() => ({
  send: vi.fn(),
  prepare: vi.fn(() => Promise.resolve()),
  destroy: vi.fn(),
}));
vi.mock('../../../lib/sfn/clients.js', () => ({
  createClients: () => ({ poll: own, report: own, prepare: own.prepare, destroy: own.destroy }),
}));
beforeEach(() => vi.clearAllMocks());

const sourceOf = () =>
  createStepFuncSource({ activityName: 'sum', path: '/' }, async () => new Response('1'));

it('S3: clients of its own are made at start and destroyed at stop', async () => {
  const sfn = new FakeSfn({ longPollMs: 10 });
  own.send.mockImplementation((command: object, options?: object) => sfn.send(command, options));
  const source = sourceOf();
  await source.start();
  expect(await sfn.runTask('sum', [])).toEqual({ status: 'SUCCEEDED', output: '1' });
  expect(own.destroy).not.toHaveBeenCalled();
  await source.stop();
  expect(own.destroy).toHaveBeenCalledTimes(1);
});

it('S1: a stop while they are made keeps them from being used', async () => {
  const source = sourceOf();
  const started = source.start();
  const stopped = source.stop();
  await expect(started).rejects.toMatchObject({ name: 'AbortError' });
  await stopped;
  expect(own.send).not.toHaveBeenCalled();
  expect(own.destroy).toHaveBeenCalledTimes(1);
});
