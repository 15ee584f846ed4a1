import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { expect, it } from 'vitest';
import { lockContract } from './contract.js';
import { dynamoDb } from './engines.js';

lockContract(dynamoDb);

it('its stand-in outlives a client that goes away in the middle of a request', async () => {
  const store = await dynamoDb.start();
  const socket = connect(Number(new URL(store.connection.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\nhalf');
  await pass(100);
  socket.destroy();
  await pass(100);
  const { locks } = await store.client();
  expect(await locks.createLock('after it', 60_000).acquireImmediately()).toBe(true);
  await store.stop();
});
