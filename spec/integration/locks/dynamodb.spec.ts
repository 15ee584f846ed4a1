import { once } from 'node:events';
import { connect } from 'node:net';
import { setTimeout as pass } from 'node:timers/promises';
import { expect, it, onTestFinished } from 'vitest';
import { lockContract } from './contract.js';
import { dynamoDb } from './engines.js';

lockContract(dynamoDb);

// It runs in this process, and what it throws would end it.
it('its stand-in outlives a client that goes away in the middle of a request', async () => {
  const thrown: unknown[] = [];
  const onThrown = (error: unknown) => void thrown.push(error);
  process.on('uncaughtExceptionMonitor', onThrown);
  onTestFinished(() => void process.off('uncaughtExceptionMonitor', onThrown));
  const store = await dynamoDb.start();
  const socket = connect(Number(new URL(store.connection.url).port), '127.0.0.1');
  await once(socket, 'connect');
  socket.write('POST / HTTP/1.1\r\nhost: here\r\ncontent-length: 9\r\n\r\nhalf');
  await pass(100);
  socket.destroy();
  await pass(100);
  expect(thrown).toEqual([]);
  await store.stop();
});
