import { createServer, connect } from 'node:net';
import { once } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { systemClock } from '../../../lib/async/clock.js';

afterEach(() => void vi.useRealTimers());

describe('systemClock', () => {
  it('reads the clocks and the randomness of the process', () => {
    vi.useFakeTimers({ now: 1_000 });
    const monotonic = systemClock.monotonic();
    vi.advanceTimersByTime(250);
    expect(systemClock.wall()).toBe(1_250);
    expect(systemClock.monotonic() - monotonic).toBe(250);
    vi.spyOn(Math, 'random').mockReturnValueOnce(0.25);
    expect(systemClock.random()).toBe(0.25);
  });

  it('sets timers that can be canceled', () => {
    vi.useFakeTimers();
    const then = vi.fn();
    systemClock.setTimer(10, then);
    systemClock.setTimer(10, then, true)();
    vi.advanceTimersByTime(10);
    expect(then).toHaveBeenCalledTimes(1);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('T12: calls back after the loop has read what had arrived before', async () => {
    const server = createServer((socket) => socket.end('x')).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as { port: number };
    const socket = connect(port, '127.0.0.1');
    await once(socket, 'connect');
    const order: string[] = [];
    socket.on('data', () => order.push('read'));
    await new Promise<void>((resolve) => {
      // In the timers phase, so that the poll phase comes between.
      setTimeout(() => {
        // The server is in this process: it answers while the loop turns, which takes some turns.
        const turn = () => {
          if (order.length > 0) resolve();
          else systemClock.afterReading(turn);
        };
        turn();
      }, 0);
    });
    order.push('after');
    expect(order).toEqual(['read', 'after']);
    socket.destroy();
    server.close();
  });

  it('cancels a call back', async () => {
    const then = vi.fn();
    systemClock.afterReading(then)();
    await new Promise((resolve) => setImmediate(resolve));
    expect(then).not.toHaveBeenCalled();
  });
});
