/** A raw echo over awaitio's sockets, once for each way of reading. */

import { InetAddress, TcpListener, WOULD_BLOCK, type ByteStream } from '@awaitio/core';
import { ready } from '../ready.ts';

const SIZE = 65_536;
const GIVEN_AWAY = { transfer: true };

const ways: Readonly<Record<string, (stream: ByteStream) => Promise<void>>> = {
  async read(stream) {
    const buffer = new Uint8Array(SIZE);
    for (;;) {
      const count = await stream.read(buffer);
      if (count === null) return;
      await stream.writeAll(buffer.subarray(0, count));
    }
  },
  async with(stream) {
    let isFull = false;
    const take = (view: Uint8Array): number => {
      const accepted = stream.tryWrite(view);
      isFull = accepted === WOULD_BLOCK;
      return accepted === WOULD_BLOCK ? 0 : accepted;
    };
    for (;;) {
      if ((await stream.readWith(take)) === null) return;
      if (isFull) await stream.writable();
    }
  },
  async chunk(stream) {
    for (;;) {
      const chunk = await stream.readChunk();
      if (chunk === null) return;
      await stream.writeAll(chunk, GIVEN_AWAY);
    }
  },
  async iterator(stream) {
    for await (const chunk of stream) await stream.writeAll(chunk, GIVEN_AWAY);
  },
  async readiness(stream) {
    const buffer = new Uint8Array(SIZE);
    for (;;) {
      await stream.readable();
      for (;;) {
        const count = stream.tryRead(buffer);
        if (count === WOULD_BLOCK) break;
        if (count === null) return;
        await stream.writeAll(buffer.subarray(0, count));
      }
    }
  },
};

const echo = ways[process.argv[2] ?? 'read'];
if (echo === undefined) throw new Error(`no such way of reading: ${process.argv[2]}`);

async function serveOne(stream: ByteStream): Promise<void> {
  try {
    await echo?.(stream);
  } catch {
    // The load ends by closing its sockets, as peers do.
  } finally {
    await stream.close();
  }
}

const listener = await TcpListener.bind('127.0.0.1:0');
const address = listener.localAddress;
if (address instanceof InetAddress) ready(address.port);
for await (const stream of listener) void serveOne(stream);
