/** The events of `stream.toNode()`, and their order, are those of a socket of `net.connect`, which is tested by the same table. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TcpStream } from '../../src/index.ts';

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

const KINDS = {
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

type Kind = keyof typeof KINDS;
type Log = string[];
type Act = (socket: Socket, peer: Socket, log: Log) => unknown;

const READERS = {
  'it is not read': () => {},
  'it flows': (socket, log) => socket.on('data', (data) => log.push(`data ${String(data)}`)),
  'it is paused': (socket) => socket.pause(),
  'it is read by read()': (socket, log) =>
    socket.on('readable', () => {
      for (let data = socket.read(); data !== null; data = socket.read()) {
        log.push(`data ${String(data)}`);
      }
    }),
  'it is resumed': (socket) => socket.resume(),
} satisfies Record<string, (socket: Socket, log: Log) => unknown>;

const isGot = (reader: string): boolean => reader === 'it flows' || reader.includes('read()');
const isIdle = (reader: string): boolean =>
  reader === 'it is not read' || reader.includes('paused');

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** What happened, once it is what is expected and nothing more has come in some turns of the loop. */
async function settled(log: Log, expected: string): Promise<string> {
  // What differs will not become the same.
  while (log.join(', ') !== expected && expected.startsWith(log.join(', '))) await turn();
  for (let count = 0; count < 5; count += 1) await turn();
  return log.join(', ');
}

const closed = (socket: Socket): Promise<unknown> =>
  new Promise((resolve) => {
    socket.once('close', resolve);
  });

const mine = (): Error => Object.assign(new Error('mine'), { code: 'MINE' });
const codeOf = (error: Error | null | undefined): string =>
  error === null || error === undefined ? 'well' : String((error as NodeJS.ErrnoException).code);

function write(socket: Socket, text: string, log: Log): void {
  socket.write(text, (error) => log.push(`written ${codeOf(error)}`));
}

const CLOSED = 'end, finish, close false';

interface Row {
  readonly act: Act;
  /** What happens by default, and with `allowHalfOpen: true`, which is the same where it is not said. */
  readonly events: string;
  readonly halfOpen?: string;
  /** All that the peer gets, where that is the same. */
  readonly peer?: string;
}

const ROWS: Record<string, Row> = {
  "the peer's FIN": { act: (_, peer) => peer.end(), events: CLOSED, halfOpen: 'end' },
  "the peer's RST": {
    act: (_, peer) => peer.resetAndDestroy(),
    events: 'error ECONNRESET, close true',
  },
  "a write after the peer's FIN": {
    act: async (socket, peer, log) => {
      peer.end();
      await once(socket, 'end');
      if (!socket.allowHalfOpen) await closed(socket);
      write(socket, 'late', log);
    },
    events: 'end, finish, close false, written EPIPE',
    halfOpen: 'end, written well',
  },
  "a write while the peer's FIN is noticed": {
    act: (socket, peer, log) => {
      socket.once('end', () => {
        write(socket, 'late', log);
      });
      peer.end();
    },
    events: 'end, written well, finish, close false',
    halfOpen: 'end, written well',
  },
  "end() after the peer's FIN": {
    act: async (socket, peer) => {
      peer.end();
      await once(socket, 'end');
      socket.end();
    },
    events: CLOSED,
  },
  "a write after the peer's RST": {
    act: async (socket, peer, log) => {
      peer.resetAndDestroy();
      await closed(socket);
      write(socket, 'late', log);
    },
    events: 'error ECONNRESET, close true, written ERR_STREAM_DESTROYED',
  },
  'destroy()': { act: (socket) => socket.destroy(), events: 'close false', peer: 'end' },
  'destroy(error)': { act: (socket) => socket.destroy(mine()), events: 'error MINE, close true' },
  'a write and destroy()': {
    act: (socket) => {
      socket.write('last words');
      socket.destroy();
    },
    events: 'close false',
    peer: 'last words, end',
  },
  'a write and destroy(error)': {
    act: (socket) => {
      socket.write('last words');
      socket.destroy(mine());
    },
    events: 'error MINE, close true',
  },
  'end(text) and destroy()': {
    act: (socket) => socket.end('last words').destroy(),
    events: 'close false',
    peer: 'last words, end',
  },
  'end()': { act: (socket) => socket.end(), events: 'finish', peer: 'end' },
  "end(), and the peer's FIN": {
    act: async (socket, peer) => {
      socket.end();
      await once(peer, 'end');
      peer.end();
    },
    events: 'finish, end, close false',
    peer: 'end',
  },
  "end(), and the peer's RST": {
    act: async (socket, peer) => {
      socket.end();
      await once(peer, 'end');
      peer.resetAndDestroy();
    },
    events: 'finish, error ECONNRESET, close true',
  },
  'a write after end()': {
    act: (socket, _, log) => {
      socket.end();
      write(socket, 'late', log);
    },
    events: 'written ERR_STREAM_WRITE_AFTER_END, error ERR_STREAM_WRITE_AFTER_END, close true',
  },
  'a write after destroy()': {
    act: (socket, _, log) => {
      socket.destroy();
      write(socket, 'late', log);
    },
    events: 'written ERR_STREAM_DESTROYED, close false',
  },
  'destroySoon()': {
    act: (socket) => {
      socket.write('last words');
      socket.destroySoon();
    },
    events: 'finish, close false',
    peer: 'last words, end',
  },
  'resetAndDestroy()': { act: (socket) => socket.resetAndDestroy(), events: 'close false' },
  "destroy() after the peer's FIN": {
    act: async (socket, peer) => {
      peer.end();
      await once(socket, 'end');
      socket.destroy();
    },
    events: 'end, close false',
  },
};

/** Where bytes come before the end: what happens where they are got, thrown away, and left. */
const BYTES: Record<string, { act: Act; got: string; left: string; halfGot?: string }> = {
  'bytes and FIN': {
    act: async (socket, peer) => {
      peer.end('bye');
      while (socket.bytesRead === 0) await turn();
    },
    got: CLOSED,
    halfGot: 'end',
    left: '',
  },
  'bytes and RST': {
    act: async (socket, peer) => {
      peer.write('bye');
      while (socket.bytesRead === 0) await turn();
      peer.resetAndDestroy();
    },
    got: 'error ECONNRESET, close true',
    left: 'error ECONNRESET, close true',
  },
  'bytes and destroy()': {
    act: async (socket, peer) => {
      peer.write('bye');
      while (socket.bytesRead === 0) await turn();
      await turn();
      socket.destroy();
    },
    got: 'close false',
    left: 'close false',
  },
};

/** Runs an act, and returns what happened at both ends. */
async function happens(
  kind: Kind,
  reader: keyof typeof READERS,
  allowHalfOpen: boolean,
  act: Act,
  expected: { events: string; peer?: string | undefined },
): Promise<{ events: string; peer: string | undefined }> {
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const socket = await KINDS[kind](allowHalfOpen);
  const [peer] = await accepted;
  const got: Log = [];
  peer.on('data', (data) => got.push(String(data)));
  peer.on('end', () => got.push('end')).on('error', () => {});
  const log: Log = [];
  READERS[reader](socket, log);
  for (const name of ['end', 'finish']) socket.on(name, () => log.push(name));
  socket.on('error', (error) => log.push(`error ${codeOf(error)}`));
  socket.on('close', (hasFailed) => log.push(`close ${hasFailed}`));
  await act(socket, peer, log);
  const events = await settled(log, expected.events);
  const atPeer = expected.peer === undefined ? undefined : await settled(got, expected.peer);
  socket.destroy();
  peer.destroy();
  return { events, peer: atPeer };
}

const kinds = Object.keys(KINDS) as Kind[];
const readers = Object.keys(READERS) as (keyof typeof READERS)[];

describe.each(kinds)('%s', (kind) => {
  test.each(Object.entries(ROWS))('%s', async (_, { act, events, halfOpen = events, peer }) => {
    for (const reader of readers) {
      for (const isHalfOpen of [false, true]) {
        const expected = { events: isHalfOpen ? halfOpen : events, peer };
        const got = await happens(kind, reader, isHalfOpen, act, expected);
        expect({ reader, isHalfOpen, ...got }).toEqual({ reader, isHalfOpen, ...expected });
      }
    }
  });

  test.each(Object.entries(BYTES))('%s', async (_, { act, got, left, halfGot = got }) => {
    for (const reader of readers) {
      for (const isHalfOpen of [false, true]) {
        const rest = isIdle(reader) ? left : isHalfOpen ? halfGot : got;
        const events = isGot(reader) ? `data bye, ${rest}` : rest;
        const { events: seen } = await happens(kind, reader, isHalfOpen, act, { events });
        expect({ reader, isHalfOpen, seen }).toEqual({ reader, isHalfOpen, seen: events });
      }
    }
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
    await happens(kind, 'it flows', false, act, { events: 'finish' });
    expect(counts).toEqual([6, 6]);
  });
});
