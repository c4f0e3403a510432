import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { Duplex, PassThrough, Readable, Transform } from 'node:stream';
import { finished, pipeline } from 'node:stream/promises';
import { createDeflate, createInflate } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  AddressError,
  BrokenError,
  ByteStream,
  ClosedError,
  copy,
  copyBidirectional,
  InvalidInputError,
  IoError,
  memoryPair,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { closeAll } from '../support/close-all.ts';
import { idle, pattern, readAll, text } from '../support/interop.ts';
import { nodeDuplexPair } from '../support/node-duplex-pair.ts';

const errno = (code: string): Error => Object.assign(new Error(code), { code });

/** Settles with `'close'`, whatever came before it. */
function gone(duplex: Duplex): Promise<void> {
  return new Promise((resolve) => duplex.once('close', () => resolve()));
}

/** A duplex that neither reads nor writes. */
function silent(parts: ConstructorParameters<typeof Duplex>[0] = {}): Duplex {
  return new Duplex({
    read: () => {},
    write: (_chunk, _encoding, done) => {
      done();
    },
    ...parts,
  });
}

/** Two sockets of Node, connected. */
async function socketPair(): Promise<[client: Socket, server: Socket]> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const accepted = once(server, 'connection') as Promise<[Socket]>;
  const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
  const [[peer]] = await Promise.all([accepted, once(client, 'connect')]);
  server.close();
  return [client, peer];
}

describe('a stream from a stream of Node', () => {
  test('goes on after the peer has finished, though the socket was not made half-open', async () => {
    const [client, peer] = await socketPair();
    const stream = ByteStream.fromNode(client);
    peer.end('question');
    expect(text(await readAll(stream))).toBe('question');
    await stream.writeAll('answer');
    await stream.shutdown('write');
    peer.resume();
    const chunks: Uint8Array[] = [];
    peer.on('data', (chunk: Uint8Array) => chunks.push(chunk));
    await once(peer, 'close');
    expect(text(Buffer.concat(chunks))).toBe('answer');
    expect(await stream.closed).toMatchObject({ how: 'eof', by: 'peer', bytesRead: 8 });
    await stream.close();
  });

  test('may be made before its socket is connected, and fails as its socket does', async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    server.close();
    await once(server, 'close');
    const stream = ByteStream.fromNode(connect(port, '127.0.0.1'));
    await expect(stream.readChunk()).rejects.toThrow(AddressError);
    expect(await stream.closed).toMatchObject({ how: 'error', error: { code: 'ECONNREFUSED' } });
    await stream.close();
  });

  test('keeps Node’s error as the cause of its error', async () => {
    const duplex = silent();
    const stream = ByteStream.fromNode(duplex);
    const reading = stream.readChunk();
    const cause = errno('ECONNRESET');
    duplex.destroy(cause);
    const error = await reading.catch((thrown: unknown) => thrown);
    expect(error).toBeInstanceOf(BrokenError);
    expect(error).toMatchObject({ code: 'ECONNRESET', cause });
    expect((await stream.closed).how).toBe('reset');
    await stream.close();
  });

  test('breaks when other code destroys the stream of Node', async () => {
    const duplex = silent();
    const stream = ByteStream.fromNode(duplex);
    const reading = stream.readChunk();
    duplex.destroy();
    await expect(reading).rejects.toMatchObject({ code: 'ERR_STREAM_PREMATURE_CLOSE' });
    expect((await stream.closed).how).toBe('error');
    await stream.close();
  });

  test('gives the bytes that came before a break, then the break', async () => {
    const duplex = silent();
    const stream = ByteStream.fromNode(duplex, { readHighWaterMark: 4 });
    duplex.push('0123');
    await stream.readable();
    // The queue is full: this stays with Node, and still is not lost.
    duplex.push('4567');
    await idle();
    duplex.destroy(errno('ECONNRESET'));
    await stream.closed;
    expect(text(await stream.readExactly(8))).toBe('01234567');
    await expect(stream.readChunk()).rejects.toThrow(BrokenError);
    await stream.close();
  });

  test('can be made of what has ended, and of what was destroyed', async () => {
    const ended = silent();
    ended.push(null);
    ended.resume();
    await once(ended, 'end');
    const stream = ByteStream.fromNode(ended);
    expect(await stream.readChunk()).toBeNull();
    await stream.close();

    const destroyed = silent();
    destroyed.on('error', () => {});
    destroyed.destroy(errno('EPIPE'));
    await gone(destroyed);
    const broken = ByteStream.fromNode(destroyed);
    await expect(broken.readChunk()).rejects.toMatchObject({ code: 'EPIPE' });
    expect(broken.isClosed).toBe(true);
    await broken.close();

    const finishedOne = silent();
    finishedOne.end();
    await once(finishedOne, 'finish');
    const halfDone = ByteStream.fromNode(finishedOne);
    await expect(halfDone.shutdown('write')).resolves.toBeUndefined();
    await halfDone.close();
  });

  test('takes no more of a fast source than its marks, and none while no one reads', async () => {
    let pulled = 0;
    const duplex = silent({
      readableHighWaterMark: 1_000,
      read(this: Duplex) {
        pulled += 500;
        this.push(new Uint8Array(500));
      },
    });
    const stream = ByteStream.fromNode(duplex, { readHighWaterMark: 2_000 });
    await idle();
    expect(pulled).toBeLessThanOrEqual(6_000);
    const before = pulled;
    await stream.readExactly(3_000);
    await idle();
    expect(pulled).toBeGreaterThan(before);
    expect(pulled).toBeLessThanOrEqual(before + 6_000);
    stream.reset();
    await stream.closed;
  });

  test('counts what the stream of Node has not passed on as unsent', async () => {
    let passOn = (): void => {};
    const duplex = silent({
      write: (_chunk, _encoding, done) => {
        passOn = done;
      },
    });
    const stream = ByteStream.fromNode(duplex, { writeHighWaterMark: 10 });
    expect(stream.tryWrite('0123456789AB')).toBe(10);
    expect(stream.isWritable).toBe(false);
    expect(stream.statistics().unsent).toBe(10);
    const flushed = stream.flush();
    passOn();
    await flushed;
    expect(stream.isWritable).toBe(true);
    stream.reset();
    await stream.closed;
  });

  test('writes several pieces at once where the stream of Node can', async () => {
    const batches: number[] = [];
    const duplex = silent({
      writev: (chunks, done) => {
        batches.push(chunks.length);
        done();
      },
    });
    const stream = ByteStream.fromNode(duplex);
    const pieces = [Buffer.from('a'), Buffer.from('b'), Buffer.from('c')];
    await stream.writev(pieces, { transfer: true });
    expect(batches).toEqual([3]);
    await stream.close();
  });

  test('a transform that answers from inside a write is read, and finishes when closed', async () => {
    const stream = ByteStream.fromNode(new PassThrough());
    const reading = stream.readLine();
    await stream.writeAll('at once\n');
    expect(await reading).toBe('at once');
    // More than the transform buffers, and it is not read.
    await stream.writeAll(pattern(60_000));
    await stream.close();
    expect((await stream.closed).how).toBe('shutdown');
  });

  test('compresses through zlib and back', async () => {
    const deflate = ByteStream.fromNode(createDeflate());
    const inflate = ByteStream.fromNode(createInflate());
    const sent = pattern(300_000);
    const [, , got] = await Promise.all([
      deflate.writeAll(sent).then(() => deflate.shutdown('write')),
      copy(deflate, inflate).then(() => inflate.shutdown('write')),
      readAll(inflate),
    ]);
    expect(Buffer.compare(got, sent)).toBe(0);
    await closeAll(deflate, inflate);
  });

  test('closes what does not close by itself, and what does not tell', async () => {
    const options = { autoDestroy: false, emitClose: false };
    const [a, b] = nodeDuplexPair(options);
    const [stream, peer] = [ByteStream.fromNode(a), ByteStream.fromNode(b)];
    await Promise.all([stream.shutdown('write'), peer.shutdown('write')]);
    expect([(await stream.closed).by, (await peer.closed).by]).toEqual(['local', 'local']);
    expect([a.destroyed, b.destroyed]).toEqual([true, true]);
    await closeAll(stream, peer);
  });

  test('closing gives up on a stream of Node that never finishes', async () => {
    const clock = new ManualClock();
    const stream = ByteStream.fromNode(silent({ final: () => {} }), { clock });
    await stream.writeAll('sent');
    await stream.flush();
    // No byte has to be waited for, so it is the FIN's time that counts.
    const closing = stream.close({ linger: 0 });
    await clock.advance(999);
    expect(stream.isClosed).toBe(false);
    await clock.advance(1);
    await closing;
    expect(await stream.closed).toMatchObject({ how: 'timeout', by: 'local' });
  });

  test('a reset in the middle of a FIN still closes the socket', async () => {
    const [client, peer] = await socketPair();
    const [stream, other] = [ByteStream.fromNode(client), ByteStream.fromNode(peer)];
    const finishing = stream.shutdown('write').catch((error: unknown) => error);
    stream.reset();
    expect(await stream.closed).toMatchObject({ how: 'reset', by: 'local' });
    await finishing;
    expect(client.destroyed).toBe(true);
    // FIN, then RST: the peer may read the end before the reset arrives.
    await expect(other.writeAll(new Uint8Array(1 << 20))).rejects.toThrow(BrokenError);
    await closeAll(other);
  });

  test('errors that come after the end reach no one, and not the process', async () => {
    const duplex = silent();
    const stream = ByteStream.fromNode(duplex);
    await stream.close();
    duplex.emit('error', errno('EPIPE'));
    expect(duplex.listenerCount('error')).toBe(1);
    for (const event of ['readable', 'end', 'finish', 'close']) {
      expect([event, duplex.listenerCount(event)]).toEqual([event, 0]);
    }
  });

  test('can let the process end before it', async () => {
    const [client, peer] = await socketPair();
    const stream = ByteStream.fromNode(client);
    stream.unref();
    expect(
      process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap'),
    ).toHaveLength(1);
    stream.ref();
    expect(
      process.getActiveResourcesInfo().filter((kind) => kind === 'TCPSocketWrap'),
    ).toHaveLength(2);
    await closeAll(stream, ByteStream.fromNode(peer));
    const memory = ByteStream.fromNode(silent());
    memory.unref();
    memory.ref();
    await memory.close();
  });

  test.each<readonly [string, unknown]>([
    ['nothing', undefined],
    ['a plain object', {}],
    ['a readable', Readable.from(['a'])],
    ['objects', silent({ objectMode: true })],
    ['text', silent().setEncoding('utf8')],
  ])('is not made of %s', (_what, wrong) => {
    expect(() => ByteStream.fromNode(wrong as Duplex)).toThrow(InvalidInputError);
  });
});

describe('a stream of Node from a stream', () => {
  test('reads, writes strings and buffers, and finishes', async () => {
    const [client, server] = memoryPair();
    const duplex = client.toNode();
    duplex.write('grüße, ');
    duplex.write('latin1: \xfc, ', 'latin1');
    duplex.end(Buffer.from('bytes'));
    expect(text(await readAll(server))).toBe('grüße, latin1: \ufffd, bytes');
    await server.writeAll('and back');
    await server.shutdown('write');
    expect(text(await readAll(duplex))).toBe('and back');
    expect((await client.closed).how).toBe('shutdown');
    await closeAll(server);
  });

  test('holds a fast writer back until the peer reads', async () => {
    const marks = { readHighWaterMark: 1_000, writeHighWaterMark: 1_000 };
    const [client, server] = memoryPair(marks);
    const duplex = client.toNode();
    let written = 0;
    while (duplex.write(new Uint8Array(1_000))) written += 1;
    await idle();
    expect(duplex.writableNeedDrain).toBe(true);
    const drained = once(duplex, 'drain');
    const reading = server.readExactly((written + 1) * 1_000);
    await drained;
    expect((await reading).length).toBe((written + 1) * 1_000);
    duplex.destroy();
    await gone(duplex);
    await closeAll(server);
  });

  test('reads ahead no further than Node’s mark', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 1_000, writeHighWaterMark: 1_000 });
    const duplex = client.toNode();
    duplex.read(0);
    const stop = new AbortController();
    const progress = { accepted: 0 };
    const writing = server.writeAll(new Uint8Array(1 << 20), { signal: stop.signal, progress });
    await idle();
    expect(progress.accepted).toBeLessThan(duplex.readableHighWaterMark + 10_000);
    stop.abort(new Error('enough'));
    await expect(writing).rejects.toThrow('enough');
    duplex.destroy(new Error('enough'));
    await gone(duplex);
    await closeAll(server);
  });

  test('works in a pipeline, both as the source and as the destination', async () => {
    const [a, b] = memoryPair();
    const [c, d] = memoryPair();
    const upper = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        done(null, chunk.toString().toUpperCase());
      },
    });
    const piping = pipeline(b.toNode(), upper, c.toNode());
    await a.writeAll('loud');
    await a.shutdown('write');
    expect(text(await readAll(d))).toBe('LOUD');
    await closeAll(a, d);
    await piping;
    await closeAll(b, c);
  });

  test('a peer that breaks off is an error, and no surprise for a process that did not listen', async () => {
    const [client, server] = memoryPair();
    const duplex = client.toNode();
    duplex.resume();
    server.reset();
    await gone(duplex);
    expect(duplex.errored).toMatchObject({ code: 'ECONNRESET' });

    const [other, peer] = memoryPair();
    const finishing = finished(other.toNode().resume());
    peer.reset();
    await expect(finishing).rejects.toThrow(BrokenError);
  });

  test('a break after the end of reading is seen too', async () => {
    const [client, server] = memoryPair();
    const duplex = client.toNode({ allowHalfOpen: true });
    await server.shutdown('write');
    await once(duplex.resume(), 'end');
    const ended = finished(duplex);
    server.reset();
    await expect(ended).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('gives the bytes that came before a break', async () => {
    const [client, server] = memoryPair();
    await server.writeAll('last words');
    await client.readable();
    server.reset();
    await client.closed;
    const duplex = client.toNode();
    let got = '';
    const reading = (async () => {
      for await (const chunk of duplex) got += text(chunk as Uint8Array);
    })();
    await expect(reading).rejects.toThrow(BrokenError);
    expect(got).toBe('last words');
  });

  test('a buffer is the writer’s again when its callback was called', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 1, chunkSize: 1 });
    const duplex = client.toNode();
    const buffer = Buffer.from('mine');
    await new Promise((resolve) => duplex.write(buffer, resolve));
    buffer.fill('x');
    expect(text(await server.readExactly(4))).toBe('mine');
    duplex.destroy();
    await gone(duplex);
    await closeAll(server);
  });

  test('a write that fails is an error with its callback', async () => {
    const [client, server] = memoryPair();
    const duplex = client.toNode();
    server.reset();
    await client.closed;
    const failed = await new Promise((resolve) => duplex.write('x', resolve));
    expect(failed).toBeInstanceOf(BrokenError);
    await gone(duplex);
  });

  test('has the options of sockets that clients of databases set, and passes them on', async () => {
    const calls: unknown[] = [];
    const [stream, peer] = memoryPair();
    Object.assign(stream, {
      setNoDelay: (noDelay: unknown) => calls.push(['noDelay', noDelay]),
      setKeepAlive: (keepAlive: unknown) => calls.push(['keepAlive', keepAlive]),
      ref: () => calls.push('ref'),
      unref: () => calls.push('unref'),
    });
    const node = stream.toNode() as Socket;
    expect(node.setNoDelay().setNoDelay(false).setKeepAlive()).toBe(node);
    expect(node.setKeepAlive(true).setKeepAlive(true, 5_000).setKeepAlive(false, 5_000)).toBe(node);
    expect(node.unref().ref()).toBe(node);
    expect(calls).toEqual([
      ['noDelay', true],
      ['noDelay', false],
      ['keepAlive', false],
      ['keepAlive', true],
      ['keepAlive', 5_000],
      ['keepAlive', false],
      'unref',
      'ref',
    ]);
    await closeAll(stream, peer);
  });

  test('takes those options where there is no socket', async () => {
    const [client, server] = memoryPair();
    const node = client.toNode() as Socket;
    expect(node.setNoDelay(true).setKeepAlive(true, 1).unref().ref()).toBe(node);
    await closeAll(client, server);
  });

  test('destroyed with an error it resets the connection', async () => {
    const [client, server] = memoryPair();
    const duplex = client.toNode();
    duplex.write('half of it');
    await server.readable();
    const why = new Error('changed my mind');
    duplex.destroy(why);
    await gone(duplex);
    expect(await client.closed).toMatchObject({ how: 'aborted', by: 'local', error: why });
    expect(text(await server.readExactly(10))).toBe('half of it');
    await expect(server.readChunk()).rejects.toThrow(BrokenError);
    await closeAll(server);
  });

  test('destroyed without one it closes the connection, and does not wait for a peer that does not read', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 10, writeHighWaterMark: 10 });
    const duplex = client.toNode();
    duplex.write(new Uint8Array(15));
    await idle();
    duplex.destroy();
    await gone(duplex);
    expect(client.isClosed).toBe(true);
    await closeAll(server);
  });

  test('leaving a for await loop closes the connection, as Node’s streams do', async () => {
    const [client, server] = memoryPair();
    const duplex = client.toNode();
    await server.writeAll('one');
    for await (const chunk of duplex) {
      expect(text(chunk as Uint8Array)).toBe('one');
      break;
    }
    expect(duplex.destroyed).toBe(true);
    expect((await client.closed).by).toBe('local');
    await closeAll(server);
  });

  test('a stream closed under it ends it, what was accepted is still sent', async () => {
    const [client, server] = memoryPair({ readHighWaterMark: 10, writeHighWaterMark: 20 });
    const duplex = client.toNode();
    duplex.resume();
    duplex.write('0123456789ABCDEF');
    await idle();
    const closing = client.close();
    await idle();
    expect(text(await readAll(server))).toBe('0123456789ABCDEF');
    await closing;
    expect(duplex.errored).toBeInstanceOf(ClosedError);
    if (!duplex.closed) await gone(duplex);

    const [idleOne, peer] = memoryPair();
    const waiting = idleOne.toNode();
    await peer.shutdown('write');
    await once(waiting.resume(), 'end');
    await idleOne.close();
    if (!waiting.closed) await gone(waiting);
    await closeAll(server, peer);
  });

  test('writing where this side has shut writing down is an error, and the stream of Node closes', async () => {
    const [client, server] = memoryPair();
    const duplex = client.toNode();
    await client.shutdown('write');
    duplex.write('x');
    await gone(duplex);
    expect(duplex.errored).toBeInstanceOf(ClosedError);
    await closeAll(server);
  });

  test('a second reader is an error and not a mix-up', async () => {
    const [client, server] = memoryPair();
    const mine = client.readChunk();
    const duplex = client.toNode();
    duplex.resume();
    await expect(finished(duplex)).rejects.toMatchObject({ name: 'BusyError' });
    await expect(mine).rejects.toThrow(ClosedError);
    await closeAll(server);
  });
});

const bytesIn = (sizes: readonly number[]): Uint8Array =>
  pattern(sizes.reduce((sum, size) => sum + size, 0));

/** Cuts the bytes into pieces of these sizes. */
function* piecesOf(bytes: Uint8Array, sizes: readonly number[]): Generator<Uint8Array> {
  let at = 0;
  for (const size of sizes) {
    yield bytes.subarray(at, at + size);
    at += size;
  }
}

test('what goes through streams of Node both ways comes out as it was, whatever the sizes', async () => {
  const cuts = fc.array(fc.integer({ min: 1, max: 300 }), { maxLength: 6 });
  const marks = fc.constantFrom(1, 16, 1_000, 65_536);
  await fc.assert(
    fc.asyncProperty(cuts, cuts, marks, marks, async (up, down, mark, highWaterMark) => {
      const [a, b] = nodeDuplexPair({ highWaterMark });
      const options = { readHighWaterMark: mark, writeHighWaterMark: mark };
      const [front, back] = [ByteStream.fromNode(a, options), ByteStream.fromNode(b, options)];
      const [client, clientEnd] = memoryPair(options);
      const proxy = copyBidirectional(clientEnd, front);
      const duplex = client.toNode();
      const gotDown: Uint8Array[] = [];
      duplex.on('data', (chunk: Uint8Array) => gotDown.push(chunk));
      const [sentUp, sentDown] = [bytesIn(up), bytesIn(down)];
      for (const piece of piecesOf(sentUp, up)) duplex.write(piece);
      duplex.end();
      const answering = (async () => {
        for (const piece of piecesOf(sentDown, down)) await back.writeAll(piece);
        await back.shutdown('write');
      })();
      const [gotUp] = await Promise.all([readAll(back), answering, once(duplex, 'end')]);
      expect(Buffer.compare(gotUp, sentUp)).toBe(0);
      expect(Buffer.compare(Buffer.concat(gotDown), sentDown)).toBe(0);
      expect(await proxy).toEqual({ aToB: sentUp.length, bToA: sentDown.length });
      await closeAll(client, clientEnd, front, back);
    }),
    { numRuns: 50 },
  );
});

test('an error of no kind we know is an IoError', async () => {
  const duplex = silent();
  const stream = ByteStream.fromNode(duplex);
  const reading = stream.readChunk();
  duplex.destroy(new TypeError('of another library'));
  await expect(reading).rejects.toMatchObject({ name: 'IoError', code: 'ERR_UNKNOWN' });
  await expect(reading).rejects.toBeInstanceOf(IoError);
  await stream.close();
});
