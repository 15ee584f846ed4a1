import { connect } from 'node:net';
import { systemClock } from '../async/clock.js';
import { startTimer } from '../async/timer.js';
import { getProperty } from '../common/property.js';

const CANCEL_REQUEST = 80_877_102;
const LIMIT_MS = 3_000;

/**
 * Asks the server to cancel what a connection of pg waits for. A server that waits for a lock does not
 * see that its client has disconnected. Without this, each late call would leave a server process
 * behind, until the application could connect no more.
 *
 * Best effort, over a separate connection. As in libpq, that is not encrypted. The key that it sends is
 * of no use once the connection has ended.
 */
export function cancelQuery(client: unknown): void {
  const [host, port, processId, secretKey] = ['host', 'port', 'processID', 'secretKey'].map((key) =>
    getProperty(client, key),
  );
  if (typeof host !== 'string' || typeof processId !== 'number' || typeof secretKey !== 'number') {
    return;
  }
  const request = Buffer.alloc(16);
  request.writeInt32BE(request.length, 0);
  request.writeInt32BE(CANCEL_REQUEST, 4);
  request.writeInt32BE(processId, 8);
  request.writeInt32BE(secretKey, 12);
  const socket = connect(
    host.startsWith('/')
      ? { path: `${host}/.s.PGSQL.${String(port)}` }
      : { host, port: Number(port) },
  );
  const cancelTimer = startTimer(LIMIT_MS, () => socket.destroy(), systemClock, true);
  socket.unref();
  socket.on('error', () => undefined).on('close', cancelTimer);
  // The server answers by closing the connection.
  socket.resume().end(request);
}
