/** The events of `stream.toNode()`, and their order, are those of a socket of `net.connect`, which is tested by the same tables. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TcpStream } from '../../src/index.ts';
import { BYTES, READS, ROWS } from '../support/socket-rows.ts';
import {
  expectBytes,
  expectReads,
  expectRow,
  happens,
  type Act,
  type Place,
} from '../support/socket-table.ts';

let server: Server;
let port: number;
beforeAll(async () => {
  server = createServer({ allowHalfOpen: true }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  ({ port } = server.address() as AddressInfo);
});
afterAll(() => {
  server.close();
});

const CONNECTS = {
  'a socket of net.connect': async (allowHalfOpen) => {
    const socket = connect({ port, host: '127.0.0.1', allowHalfOpen });
    await once(socket, 'connect');
    return socket;
  },
  'stream.toNode()': async (allowHalfOpen) => {
    const stream = await TcpStream.connect(`127.0.0.1:${port}`);
    const node: unknown = stream.toNode(allowHalfOpen ? { allowHalfOpen } : undefined);
    return node as Socket;
  },
} satisfies Record<string, (allowHalfOpen: boolean) => Promise<Socket>>;

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe.each(Object.entries(CONNECTS))('%s', (_kind, connects) => {
  const place: Place = {
    turn,
    open: async (allowHalfOpen) => {
      const accepted = once(server, 'connection') as Promise<[Socket]>;
      const socket = await connects(allowHalfOpen);
      return [socket, (await accepted)[0]];
    },
  };

  test.each(Object.entries(ROWS))('%s', async (_title, row) => {
    await expectRow(place, row);
  });

  test.each(Object.entries(BYTES))('%s', async (_title, row) => {
    await expectBytes(place, row);
  });

  test.each(Object.entries(READS))('%s', async (_title, row) => {
    await expectReads(place, row);
  });

  test('counts the bytes that were written, whether they were sent or not', async () => {
    const counts: number[] = [];
    const act: Act = async (socket) => {
      socket.write('né');
      socket.write('abc');
      counts.push(socket.bytesWritten);
      await turn();
      counts.push(socket.bytesWritten);
      socket.end();
    };
    await happens(place, 'it flows', false, act, { events: 'finish' });
    expect(counts).toEqual([6, 6]);
  });
});
