import { once } from 'node:events';
import type { AddressInfo, Socket } from 'node:net';
import { connect, createServer } from 'node:net';

/** A client's way to a server, and what may happen to it. */
export interface Network {
  /** Where the client finds the server. */
  port: number;
  /** Cuts every connection and refuses new ones. */
  refuse(): Promise<void>;
  /** Lets connections stand and new ones come about, and carries nothing until restored. */
  hang(): void;
  /** Loses the connections that there are without telling either side; new ones are well. */
  silence(): void;
  /** Back to normal. What was on its way when it hung arrives now. */
  restore(): Promise<void>;
  close(): Promise<void>;
}

export async function createNetwork(toPort: number, toHost = '127.0.0.1'): Promise<Network> {
  const links = new Set<Link>();
  const silent: Link[] = [];
  let hanging = false;

  const server = createServer((near) => {
    const link = createLink(near, toPort, toHost);
    links.add(link);
    near.on('close', () => links.delete(link));
    if (!hanging) link.open();
  });

  async function listen(port: number): Promise<void> {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  }

  async function refuse(): Promise<void> {
    for (const link of links) link.cut();
    if (!server.listening) return;
    server.close();
    await once(server, 'close');
  }

  await listen(0);
  const { port } = server.address() as AddressInfo;
  return {
    port,
    refuse,
    hang() {
      hanging = true;
      for (const link of links) link.hold();
    },
    silence() {
      for (const link of links) link.hold();
      silent.push(...links);
      links.clear();
    },
    async restore() {
      hanging = false;
      for (const link of links) link.open();
      if (!server.listening) await listen(port);
    },
    async close() {
      for (const link of silent) link.cut();
      await refuse();
    },
  };
}

interface Link {
  open(): void;
  hold(): void;
  cut(): void;
}

function createLink(near: Socket, toPort: number, toHost: string): Link {
  let far: Socket | undefined;
  near.pause();
  near.on('error', cut);
  near.on('close', cut);

  function cut(): void {
    near.destroy();
    far?.destroy();
  }

  function reach(): Socket {
    const socket = connect(toPort, toHost);
    socket.on('error', cut);
    socket.on('close', cut);
    near.on('data', (data) => socket.write(data));
    socket.on('data', (data) => near.write(data));
    return socket;
  }

  return {
    open() {
      far ??= reach();
      near.resume();
      far.resume();
    },
    hold() {
      near.pause();
      far?.pause();
    },
    cut,
  };
}
