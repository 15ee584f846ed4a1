import type { ChildProcess } from 'node:child_process';
import { channel } from 'node:diagnostics_channel';
import { EventEmitter } from 'node:events';
import { afterEach, describe, expect, it, vi } from 'vitest';
import { createUnrefFetches } from '../../../lib/sfn/unref-fetch.js';

const requests = channel('http.client.request.start');
const processes = channel('child_process');

afterEach(() => {
  // Without a fetch under way, nothing listens.
  expect([requests.hasSubscribers, processes.hasSubscribers]).toEqual([false, false]);
});

/** What Node publishes of a request, whose socket is there or comes later. */
function openRequest({ hasSocket = true } = {}) {
  const socket = { unref: vi.fn() };
  const request = Object.assign(new EventEmitter(), { socket: hasSocket ? socket : null });
  requests.publish({ request });
  return { unref: socket.unref, connect: () => request.emit('socket', socket) };
}

/** What Node publishes of a child process, which runs or is about to. */
function openProcess({ isRunning = true } = {}) {
  const unref = vi.fn();
  const pipe = { unref: vi.fn() };
  const child = Object.assign(new EventEmitter(), {
    pid: isRunning ? 7 : undefined,
    stdio: [null, pipe, pipe],
    unref,
  }) as unknown as ChildProcess & EventEmitter;
  processes.publish({ process: child });
  return { unref, pipe, spawn: () => child.emit('spawn') };
}

/** A fetch that opens something and then waits until it is let go on. */
function pending<T>(open: () => T) {
  let opened: T | undefined;
  let settle: () => void = () => undefined;
  const fetches = createUnrefFetches();
  const run = fetches.run(async () => {
    opened = open();
    await new Promise<void>((resolve) => (settle = resolve));
    return 'fetched';
  });
  if (opened === undefined) throw new Error('The fetch has not begun');
  return { fetches, opened, run, settle: () => settle() };
}

describe('createUnrefFetches', () => {
  it.each([true, false])(
    'S4: a request holds the process until it is let go (it has a socket: %s)',
    async (hasSocket) => {
      const { fetches, opened, run, settle } = pending(() => openRequest({ hasSocket }));
      expect(opened.unref).not.toHaveBeenCalled();
      fetches.letGo();
      if (!hasSocket) {
        expect(opened.unref).not.toHaveBeenCalled();
        opened.connect();
      }
      expect(opened.unref).toHaveBeenCalledOnce();
      settle();
      expect(await run).toBe('fetched');
    },
  );

  it.each([true, false])(
    'S4: a process and its pipes hold this one until they are let go (it runs: %s)',
    async (isRunning) => {
      const { fetches, opened, run, settle } = pending(() => openProcess({ isRunning }));
      fetches.letGo();
      if (!isRunning) {
        expect(opened.unref).not.toHaveBeenCalled();
        opened.spawn();
      }
      expect(opened.unref).toHaveBeenCalledOnce();
      expect(opened.pipe.unref).toHaveBeenCalledTimes(2);
      settle();
      await run;
    },
  );

  it('S4: what is opened once no call waits holds nothing from the start', async () => {
    const fetches = createUnrefFetches();
    fetches.letGo();
    const { unref } = await fetches.run(async () => openRequest());
    expect(unref).toHaveBeenCalledOnce();
  });

  it('holds again for the next source', async () => {
    const fetches = createUnrefFetches();
    fetches.letGo();
    fetches.hold();
    const { unref } = await fetches.run(async () => openRequest());
    expect(unref).not.toHaveBeenCalled();
  });

  it('leaves alone what others open meanwhile', async () => {
    const { fetches, run, settle } = pending(openRequest);
    const other = openRequest();
    fetches.letGo();
    expect(other.unref).not.toHaveBeenCalled();
    settle();
    await run;
  });

  it('keeps apart what two sources fetch at the same time', async () => {
    const [one, two] = [pending(openRequest), pending(openRequest)];
    one.fetches.letGo();
    expect(one.opened.unref).toHaveBeenCalledOnce();
    expect(two.opened.unref).not.toHaveBeenCalled();
    one.settle();
    two.settle();
    await Promise.all([one.run, two.run]);
  });

  it('forgets what was opened once the fetch is over', async () => {
    const { fetches, opened, run, settle } = pending(openRequest);
    settle();
    await run;
    fetches.letGo();
    expect(opened.unref).not.toHaveBeenCalled();
  });

  it('rejects as the fetch does, and listens no longer', async () => {
    const error = new Error('no credentials');
    await expect(createUnrefFetches().run(() => Promise.reject(error))).rejects.toBe(error);
  });
});
