/** Two connected ends, on every kind of socket there is. */

import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  TcpListener,
  TcpStream,
  UnixListener,
  UnixStream,
  type ByteStream,
  type StreamOptions,
} from '../../src/index.ts';

export interface Pair<S extends ByteStream> {
  readonly client: S;
  readonly server: S;
  /** Closes both ends and whatever made them. */
  close(): Promise<void>;
}

/** A path for a socket, in a new directory. */
export async function temporaryPath(): Promise<{ path: string; remove(): Promise<void> }> {
  const directory = await mkdtemp(join(tmpdir(), 'awaitio-'));
  return {
    path: join(directory, 'socket'),
    remove: () => rm(directory, { recursive: true, force: true }),
  };
}

const closeBoth = async (...streams: readonly ByteStream[]): Promise<void> => {
  await Promise.all(streams.map((stream) => stream.close({ linger: 100 })));
};

export async function tcpPair(options: StreamOptions = {}): Promise<Pair<TcpStream>> {
  const listener = await TcpListener.bind('127.0.0.1:0', options);
  const client = await TcpStream.connect(listener.localAddress, options);
  const server = await listener.accept();
  await listener.close();
  return { client, server, close: () => closeBoth(client, server) };
}

export async function unixPair(options: StreamOptions = {}): Promise<Pair<UnixStream>> {
  const { path, remove } = await temporaryPath();
  const listener = await UnixListener.bind(path, options);
  const client = await UnixStream.connect(path, options);
  const server = await listener.accept();
  await listener.close();
  await remove();
  return { client, server, close: () => closeBoth(client, server) };
}

/** Two streams over TCP, with a relay between them that a test can take out, to do on the wire what it likes. */
export async function relayedPair(): Promise<RelayedPair> {
  const [near, far] = await Promise.all([tcpPair(), tcpPair()]);
  const controller = new AbortController();
  const relay = async (from: TcpStream, to: TcpStream): Promise<void> => {
    for (;;) {
      const chunk = await from.readChunk({ signal: controller.signal });
      if (chunk === null) break;
      await to.writeAll(chunk);
    }
    await to.shutdown('write');
  };
  const relaying = Promise.allSettled([
    relay(near.server, far.client),
    relay(far.client, near.server),
  ]);
  return {
    client: near.client,
    server: far.server,
    toClient: near.server,
    toServer: far.client,
    close: () => closeBoth(near.client, near.server, far.client, far.server),
    async take() {
      controller.abort();
      await relaying;
      return this;
    },
  };
}

export interface RelayedPair extends Pair<TcpStream> {
  /** The relay's ends of the two connections. */
  readonly toClient: TcpStream;
  readonly toServer: TcpStream;
  /** Stops the relay. What it was relaying is passed on first. */
  take(): Promise<RelayedPair>;
}
