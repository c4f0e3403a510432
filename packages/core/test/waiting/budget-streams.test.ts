/** The calls of streams: see `support/budget-rows.ts`. */

import { describe } from '@jest/globals';
import {
  copy,
  copyBidirectional,
  FrameReader,
  FrameWriter,
  Interest,
  lines,
  memoryPair,
  startTls,
  type ByteStream,
} from '../../src/index.ts';
import { aborted, pair, rows, wrong, type Calls } from '../support/budget-rows.ts';

const buffer = new Uint8Array(8);
const readCalls: Calls<ByteStream> = {
  readable: (stream) => stream.readable(),
  readClosed: (stream) => stream.readClosed(),
  ready: (stream) => stream.ready(Interest.READABLE),
  read: (stream) => stream.read(buffer),
  readWith: (stream) => stream.readWith(() => 0),
  readChunk: (stream) => stream.readChunk(),
  readExactly: (stream) => stream.readExactly(5),
  readUntil: (stream) => stream.readUntil(';'),
  readLine: (stream) => stream.readLine(),
  readFrame: (stream) => stream.readFrame({ decode: () => null }),
  'an iteration': (stream) => stream[Symbol.asyncIterator]().next(),
  'the iteration of a reader of frames': (stream) =>
    new FrameReader(stream, { decode: () => 1 })[Symbol.asyncIterator]().next(),
};
const writeCalls: Calls<ByteStream> = {
  writable: (stream) => stream.writable(),
  write: (stream) => stream.write('x'),
  writeAll: (stream) => stream.writeAll('x'),
  writev: (stream) => stream.writev([buffer]),
  'writev that gives away': (stream) => stream.writev([buffer], { transfer: true }),
  flush: (stream) => stream.flush(),
  shutdown: (stream) => stream.shutdown('write'),
  'a frame': (stream) => lines(stream).write('x'),
  'flush of frames': (stream) => lines(stream).flush(),
  'shutdown of frames': (stream) => lines(stream).shutdown(),
};
const endCalls: Calls<ByteStream> = {
  'shutdown of reading': (stream) => stream.shutdown('read'),
  close: (stream) => stream.close(),
  'close of frames': (stream) => lines(stream).close(),
};

describe('a loop lets the event loop turn that only makes this call of', () => {
  describe('a stream that this side closed', () => {
    rows(
      async () => {
        const [stream] = pair();
        await stream.close();
        return stream;
      },
      { ...readCalls, ...writeCalls, ...endCalls },
    );
  });

  describe('a stream that the peer reset', () => {
    rows(
      async () => {
        const [stream, peer] = pair();
        peer.reset();
        await stream.closed;
        return stream;
      },
      { ...readCalls, ...writeCalls, ...endCalls },
    );
  });

  describe('a stream that both sides finished', () => {
    rows(
      async () => {
        const [stream, peer] = pair();
        await Promise.all([stream.shutdown('write'), peer.shutdown('write')]);
        await stream.readClosed();
        return stream;
      },
      { ...readCalls, ...writeCalls, ...endCalls },
    );
  });

  describe('a stream that has bytes', () => {
    rows(
      async () => {
        const [stream, peer] = pair();
        await peer.writeAll('line\n');
        await stream.readable();
        return stream;
      },
      {
        readable: (stream) => stream.readable(),
        ready: (stream) => stream.ready(Interest.READABLE),
        'read of nothing': (stream) => stream.read(new Uint8Array(0)),
        'readWith that takes nothing': (stream) => stream.readWith(() => 0),
        'readWith that throws': (stream) =>
          stream.readWith(() => {
            throw new Error('no');
          }),
        'readExactly of nothing': (stream) => stream.readExactly(0),
        'readLine over its limit': (stream) => stream.readLine({ limit: 2 }),
        'readFrame that fails': (stream) =>
          stream.readFrame({
            decode: () => {
              throw new Error('no');
            },
          }),
        'write of nothing': (stream) => stream.writeAll(''),
      },
    );
  });

  describe('a stream that another task reads and writes', () => {
    rows(
      async () => {
        const [stream] = pair();
        void stream.readChunk().catch(() => {});
        void stream.writeAll(new Uint8Array(200_000)).catch(() => {});
        return stream;
      },
      {
        read: (stream) => stream.read(buffer),
        readChunk: (stream) => stream.readChunk(),
        readExactly: (stream) => stream.readExactly(5),
        write: (stream) => stream.write('x'),
        writeAll: (stream) => stream.writeAll('x'),
        writev: (stream) => stream.writev([buffer]),
      },
    );
  });

  describe('an open stream, with a signal that has aborted', () => {
    rows(() => pair()[0], {
      readable: (stream) => stream.readable(aborted),
      readClosed: (stream) => stream.readClosed(aborted),
      ready: (stream) => stream.ready(Interest.READABLE, aborted),
      read: (stream) => stream.read(buffer, aborted),
      readWith: (stream) => stream.readWith(() => 0, aborted),
      readChunk: (stream) => stream.readChunk(aborted),
      readExactly: (stream) => stream.readExactly(5, aborted),
      readUntil: (stream) => stream.readUntil(';', aborted),
      readLine: (stream) => stream.readLine(aborted),
      readFrame: (stream) => stream.readFrame({ decode: () => null }, aborted),
      writable: (stream) => stream.writable(aborted),
      write: (stream) => stream.write('x', aborted),
      writeAll: (stream) => stream.writeAll('x', aborted),
      writev: (stream) => stream.writev([buffer], aborted),
      'writev that gives away': (stream) => stream.writev([buffer], { ...aborted, transfer: true }),
      flush: (stream) => stream.flush(aborted),
      shutdown: (stream) => stream.shutdown('write', aborted),
      'a frame': (stream) => lines(stream).write('x', aborted),
      copy: (stream) => copy(stream, stream, aborted),
      'copy both ways': (stream) => copyBidirectional(stream, stream, aborted),
      startTls: (stream) => startTls(stream, { ...aborted, servername: 'a' }),
    });
  });

  describe('an open stream, with a wrong argument', () => {
    rows(() => pair()[0], {
      ready: (stream) => stream.ready(0),
      read: (stream) => stream.read(null as never),
      readWith: (stream) => stream.readWith(null as never),
      readExactly: (stream) => stream.readExactly(-1),
      readUntil: (stream) => stream.readUntil(''),
      readLine: (stream) => stream.readLine({ limit: 0 }),
      write: (stream) => stream.write(null as never),
      writeAll: (stream) => stream.writeAll('x', wrong),
      writev: (stream) => stream.writev(null as never),
      shutdown: (stream) => stream.shutdown('all' as never),
      close: (stream) => stream.close({ linger: -1 }),
      'a frame': (stream) => lines(stream).write('two\nlines'),
      'a frame of an encoder that throws': (stream) =>
        new FrameWriter(stream, {
          encode: () => {
            throw new Error('no');
          },
        }).write(1),
      copy: (stream) => copy(stream, stream, { limit: -1 }),
      'copy of nothing': (stream) => copy(stream, stream, { limit: 0 }),
      'copy both ways': (stream) => copyBidirectional(stream, stream, { bufferSize: 0 }),
      startTls: (stream) => startTls(stream, { alpn: 5 } as never),
      'a read of frames': (stream) => lines(stream).read(wrong),
    });
  });

  describe('a copy', () => {
    rows(
      async () => {
        const [stream, peer] = pair();
        await peer.shutdown('write');
        await stream.readClosed();
        return stream;
      },
      {
        'of a source that has ended': (stream) => copy(stream, stream),
        'to a destination that is closed': async (stream) => {
          const [closed] = memoryPair();
          await closed.close();
          await copy(stream, closed);
        },
      },
    );
  });
});
