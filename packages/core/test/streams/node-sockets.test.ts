/** What libraries do with a socket, done with `stream.toNode()`. */
import { once } from 'node:events';
import { Agent, createServer, request } from 'node:http';
import { connect as http2Connect } from 'node:http2';
import { connect as tlsConnect } from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import {
  InvalidInputError,
  memoryPair,
  TcpListener,
  TcpStream,
  TlsListener,
  TlsStream,
  type ByteStream,
} from '../../src/index.ts';
import { ManualClock, TestAuthority } from '../../src/testing/index.ts';

describe("a stream as a socket of Node's http", () => {
  test('serves a client of Node, whose agent keeps it and sets its timeout', async () => {
    const [client, server] = memoryPair();
    const http = createServer((message, response) => {
      message.resume().on('end', () => response.end(`to ${message.socket.remoteAddress}`));
    });
    http.emit('connection', server.toNode());
    const agent = new Agent({ keepAlive: true, maxSockets: 1, timeout: 60_000 });
    const socket = client.toNode();
    let connections = 0;
    agent.createConnection = () => {
      connections += 1;
      return socket;
    };
    for (let count = 0; count < 3; count += 1) {
      const asked = request({ agent, method: 'POST', host: 'memory' }).end('x'.repeat(100_000));
      const free = once(agent, 'free');
      const [answer] = (await once(asked, 'response')) as [NodeJS.ReadableStream];
      let body = '';
      for await (const part of answer) body += String(part);
      expect(body).toBe('to undefined');
      await free;
    }
    expect(connections).toBe(1);
    // A second less than the five that the server's Keep-Alive field promises.
    expect(socket.timeout).toBe(4_000);
    agent.destroy();
    socket.destroy();
    await server.closed;
  });
});

describe('setTimeout', () => {
  const pair = (): [
    node: ReturnType<ByteStream['toNode']>,
    peer: ByteStream,
    clock: ManualClock,
  ] => {
    const clock = new ManualClock();
    const [stream, peer] = memoryPair({ clock });
    return [stream.toNode(), peer, clock];
  };

  test('emits once when no byte came or went for so long, and again after the next byte', async () => {
    const [node, peer, clock] = pair();
    let timeouts = 0;
    expect(node.setTimeout(1_000).on('timeout', () => (timeouts += 1))).toBe(node);
    await clock.advance(900);
    const written = new Promise((resolve) => node.write('out', resolve));
    await written;
    await clock.advance(900);
    await peer.writeAll('in');
    await once(node, 'readable');
    await clock.advance(999);
    expect(timeouts).toBe(0);
    await clock.advance(1);
    expect(timeouts).toBe(1);
    await clock.advance(10_000);
    expect(timeouts).toBe(1);
    await new Promise((resolve) => node.write('more', resolve));
    await clock.advance(1_000);
    expect(timeouts).toBe(2);
    expect(node.destroyed).toBe(false);
    node.destroy();
    await peer.close();
  });

  test('calls its callback at the next timeout only, and no longer after 0 or when it is destroyed', async () => {
    const [node, peer, clock] = pair();
    let calls = 0;
    const call = (): void => {
      calls += 1;
    };
    node.setTimeout(100, call).setTimeout(200, call);
    expect(node.timeout).toBe(200);
    await clock.advance(200);
    expect(calls).toBe(1);
    node.setTimeout(100, call).setTimeout(0, call);
    await clock.advance(100);
    node.setTimeout(100, call).destroy();
    await once(node, 'close');
    node.setTimeout(100, call);
    await clock.advance(1_000);
    expect(calls).toBe(1);
    await peer.close();
    expect(clock.pending).toBe(0);
  });

  test('emits nothing once the stream below was closed', async () => {
    const clock = new ManualClock();
    const [stream, peer] = memoryPair({ clock });
    let timeouts = 0;
    const node = stream.toNode().setTimeout(100, () => (timeouts += 1));
    stream.reset();
    await clock.advance(100);
    expect(timeouts).toBe(0);
    node.destroy();
    await peer.close();
  });

  test.each([-1, Number.NaN, Infinity, '5', null, undefined])('refuses %p', async (delay) => {
    const [node, peer] = pair();
    expect(() => node.setTimeout(delay as number)).toThrow(InvalidInputError);
    expect(() => node.setTimeout(1, 'call' as never)).toThrow(InvalidInputError);
    node.destroy();
    await peer.close();
  });
});

describe('what a socket is', () => {
  test('has addresses, families and counts of bytes on TCP', async () => {
    const listener = await TcpListener.bind({ port: 0, host: '127.0.0.1' });
    const client = (await TcpStream.connect(listener.localAddress)).toNode();
    const server = (await listener.accept()).toNode();
    expect([client.remoteAddress, client.remotePort, client.remoteFamily]).toEqual([
      '127.0.0.1',
      listener.localAddress.port,
      'IPv4',
    ]);
    expect(server.address()).toEqual({
      address: '127.0.0.1',
      family: 'IPv4',
      port: listener.localAddress.port,
    });
    expect([client.localPort, client.localFamily]).toEqual([server.remotePort, 'IPv4']);
    expect([client.connecting, client.pending, client.readyState]).toEqual([false, false, 'open']);
    expect(client.encrypted).toBeUndefined();
    client.setKeepAlive(true, 100).setNoDelay();
    expect(() => client.connect(80)).toThrow(expect.objectContaining({ code: 'EISCONN' }));
    client.write('né');
    await once(server, 'readable');
    expect(String(server.read())).toBe('né');
    expect([client.bytesWritten, server.bytesRead]).toEqual([3, 3]);
    client.end();
    expect(client.readyState).toBe('readOnly');
    server.resume().destroySoon();
    await Promise.all([once(client.resume(), 'close'), once(server, 'close')]);
    expect(client.readyState).toBe('closed');
    await listener.close();
  });

  test('says that TLS is on it', async () => {
    const authority = new TestAuthority();
    const listener = await TlsListener.bind('127.0.0.1:0', authority.issue(['localhost']));
    const [client, server] = await Promise.all([
      TlsStream.connect(listener.localAddress, { ca: authority.cert, servername: 'localhost' }),
      listener.accept(),
    ]);
    const node = client.toNode();
    expect([node.encrypted, node.authorized, node.servername]).toEqual([true, true, 'localhost']);
    const peer = server.toNode();
    expect(peer.encrypted).toBe(true);
    node.destroy();
    peer.destroy();
    await Promise.all([client.closed, server.closed]);
    await listener.close();
  });

  test('is sent to its end by destroySoon, and broken off by resetAndDestroy', async () => {
    const [a, b] = memoryPair({ readHighWaterMark: 1_000 });
    const node = a.toNode();
    node.write('x'.repeat(100_000));
    node.destroySoon();
    let size = 0;
    for await (const chunk of b) size += chunk.length;
    expect(size).toBe(100_000);
    await once(node, 'close');
    await b.close();

    const [c, d] = memoryPair();
    c.toNode().resetAndDestroy();
    expect((await d.closed).how).toBe('reset');
  });
});

describe('the end of a socket that no program reads', () => {
  test("is noticed: the peer's reset", async () => {
    const [client, server] = memoryPair();
    const node = client.toNode();
    const errors: unknown[] = [];
    node.on('error', (error) => errors.push(error));
    const closed = new Promise((resolve) => node.on('close', resolve));
    server.reset();
    expect(await closed).toBe(true);
    expect(errors).toEqual([expect.objectContaining({ code: 'ECONNRESET' })]);
  });

  test("is noticed: the peer's FIN, also where it is paused", async () => {
    const [client, server] = memoryPair();
    const node = client.toNode().pause();
    const ended = once(node, 'end');
    const closed = once(node, 'close');
    await server.close();
    await ended;
    node.end();
    expect(await closed).toEqual([false]);
  });

  test('loses no byte that came before', async () => {
    const [client, server] = memoryPair();
    const node = client.toNode();
    let isEnded = false;
    node.on('end', () => (isEnded = true));
    await server.writeAll('last words');
    await server.close();
    await new Promise(setImmediate);
    expect(isEnded).toBe(false);
    const ended = once(node, 'end');
    let text = '';
    node.on('data', (part) => (text += String(part)));
    await ended;
    expect(text).toBe('last words');
    node.destroy();
  });
});

describe('a socket that is destroyed', () => {
  test.each([
    ['false', undefined, false],
    ['true', new Error('mine'), true],
  ])("emits 'close' once, after its error, with %s", async (_title, error, hasFailed) => {
    const [client] = memoryPair();
    const node = client.toNode();
    const events: unknown[] = [];
    node.on('error', (reason) => events.push(reason));
    node.on('close', (...values: unknown[]) => events.push(...values));
    node.destroy(error);
    await client.closed;
    await new Promise(setImmediate);
    expect(events).toEqual(error === undefined ? [hasFailed] : [error, hasFailed]);
    expect(node.closed).toBe(true);
  });

  test('has no timeout any more', () => {
    const node = memoryPair()[0].toNode().destroy();
    expect(node.setTimeout(10).timeout).toBeUndefined();
  });

  test.each([true, false])(
    "has no address; the peer's it has if it was asked for before: %s",
    async (isAsked) => {
      const listener = await TcpListener.bind({ port: 0, host: '127.0.0.1' });
      const node = (await TcpStream.connect(listener.localAddress)).toNode();
      const { remoteAddress } = isAsked ? node : { remoteAddress: undefined };
      expect(node.localAddress).toBe('127.0.0.1');
      node.destroy();
      expect([node.localAddress, node.address()]).toEqual([undefined, {}]);
      expect(node.remoteAddress).toBe(remoteAddress);
      await listener.close();
    },
  );
});

test('destroy() sends all short writes before the FIN, as the kernel does under sockets of Node', async () => {
  const listener = await TcpListener.bind('127.0.0.1:0');
  const socket = (await TcpStream.connect(listener.localAddress)).toNode();
  const peer = await listener.accept();
  for (const line of ['one\n', 'two\n', 'three\n']) socket.write(line);
  socket.destroy();
  const received: string[] = [];
  for await (const chunk of peer) received.push(Buffer.from(chunk).toString());
  expect(received.join('')).toBe('one\ntwo\nthree\n');
  await peer.close();
  await listener.close();
});

describe('allowHalfOpen', () => {
  test('is false by default, as of sockets of net.connect, and nothing but a flag', async () => {
    const [client, server] = memoryPair();
    expect(() => client.toNode({ allowHalfOpen: 1 as never })).toThrow(InvalidInputError);
    expect(() => client.toNode({ halfOpen: true } as never)).toThrow(InvalidInputError);
    const node = client.toNode();
    expect(node.allowHalfOpen).toBe(false);
    node.destroy();
    await server.close();
  });

  test.each([true, false])(
    '%s: whether a socket is open after the FIN of its peer',
    async (may) => {
      const [client, server] = memoryPair();
      const node = client.toNode({ allowHalfOpen: may });
      expect(node.allowHalfOpen).toBe(may);
      const ended = once(node, 'end');
      await server.shutdown('write');
      await ended;
      if (may) node.end('an answer');
      else await once(node, 'close');
      const chunk = await server.readChunk();
      expect(chunk && Buffer.from(chunk).toString()).toBe(may ? 'an answer' : null);
      node.destroy();
    },
  );

  test('stays false when TLS is only passed on', async () => {
    const [client, server] = memoryPair();
    const duplex = client.toNode();
    const hello = Buffer.from([22, 3, 1, 0, 5, 1, 0, 0, 1, 0]);
    duplex.write(hello);
    await server.readExactly(hello.length);
    const closed = once(duplex, 'close');
    await server.shutdown('write');
    duplex.on('data', () => {});
    expect(await closed).toEqual([false]);
    await server.close();
  });

  test('becomes true under TLS and HTTP/2 of Node, which end the stream themselves', () => {
    const [below, other] = memoryPair();
    const [tls, http2] = [below.toNode(), other.toNode()];
    const { stackTraceLimit } = Error;
    Error.stackTraceLimit = 0;
    const socket = tlsConnect({ socket: tls });
    const session = http2Connect('http://memory', { createConnection: () => http2 });
    expect(Error.stackTraceLimit).toBe(0);
    Error.stackTraceLimit = stackTraceLimit;
    expect([tls.allowHalfOpen, http2.allowHalfOpen]).toEqual([true, true]);
    for (const each of [socket, session]) each.on('error', () => {}).destroy();
  });

  test('lets an agent of Node drop the kept connections that their server ends', async () => {
    const [client, server] = memoryPair();
    const http = createServer((_message, response) => response.end('x'));
    http.emit('connection', server.toNode());
    const socket = client.toNode();
    const agent = new Agent({ keepAlive: true });
    agent.createConnection = () => socket;
    const free = once(agent, 'free');
    const [answer] = (await once(request({ agent, host: 'memory' }).end(), 'response')) as [
      NodeJS.ReadableStream,
    ];
    answer.resume();
    await free;
    expect(Object.keys(agent.freeSockets)).toHaveLength(1);
    const closed = once(socket, 'close');
    await server.close();
    await closed;
    expect(Object.keys(agent.freeSockets)).toEqual([]);
    agent.destroy();
  });
});
