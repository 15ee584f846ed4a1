import { AsyncLocalStorage } from 'node:async_hooks';
import type { ChildProcess } from 'node:child_process';
import { subscribe, unsubscribe } from 'node:diagnostics_channel';
import type { ClientRequest } from 'node:http';
import { getProperty } from '../common/property.js';

/** Fetches of credentials, whose requests and processes need not hold the process. */
export interface UnrefFetches {
  /** Runs a fetch. */
  run<T>(fetch: () => Promise<T>): Promise<T>;
  /** A call waits for what is fetched. */
  hold(): void;
  /** No call waits any longer: no request and no process of a fetch holds this process. */
  letGo(): void;
}

/** Called for each request or process that a fetch opens. */
type OnOpened = (unref: () => void) => void;

const context = new AsyncLocalStorage<OnOpened>();
let running = 0;

/**
 * The SDK's requests to metadata services, and its `credential_process`, take no signal. Some have no
 * time limit. After the last source has stopped, one that hangs would hold the process for ever.
 *
 * Node publishes each request and process that begins. While a fetch runs, those that it begins are
 * kept, to be unref'd.
 */
export function createUnrefFetches(): UnrefFetches {
  const opened = new Set<() => void>();
  let isHeld = true;
  let runs = 0;

  const onOpened: OnOpened = (unref) => {
    if (isHeld) opened.add(unref);
    else unref();
  };

  return {
    async run(fetch) {
      runs += 1;
      if (running++ === 0) watch();
      try {
        return await context.run(onOpened, fetch);
      } finally {
        runs -= 1;
        if (runs === 0) opened.clear();
        if (--running === 0) unwatch();
      }
    },
    hold: () => void (isHeld = true),
    letGo() {
      isHeld = false;
      for (const unref of opened) unref();
    },
  };
}

function watch(): void {
  subscribe('http.client.request.start', onRequest);
  subscribe('child_process', onProcess);
}

/** Without a fetch under way, nothing here costs anything. */
function unwatch(): void {
  unsubscribe('http.client.request.start', onRequest);
  unsubscribe('child_process', onProcess);
  context.disable();
}

function onRequest(message: unknown): void {
  const request = getProperty(message, 'request') as ClientRequest;
  context.getStore()?.(() => {
    if (request.socket === null) request.once('socket', (socket) => socket.unref());
    else request.socket.unref();
  });
}

function onProcess(message: unknown): void {
  const child = getProperty(message, 'process') as ChildProcess;
  context.getStore()?.(() => {
    // It may be about to be spawned only.
    const unref = (): void => {
      child.unref();
      for (const stream of child.stdio) unrefStream(stream);
    };
    if (child.pid === undefined) child.once('spawn', unref);
    else unref();
  });
}

/** A pipe is a socket. */
function unrefStream(stream: unknown): void {
  const unref = getProperty(stream, 'unref');
  if (typeof unref === 'function') Reflect.apply(unref, stream, []);
}
