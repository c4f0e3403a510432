/**
 * Bytes and errors of another realm: a program that runs in a `vm` context, as each test file of Jest and vitest's vm pools
 * does, has its own constructors, and awaitio may be loaded outside of it.
 */
import { describe, expect, test } from '@jest/globals';
import { createContext, runInContext } from 'node:vm';
import {
  CancelledError,
  FrameWriter,
  InvalidInputError,
  lengthDelimited,
  memoryPair,
  UdpSocket,
  type ByteStream,
} from '../../src/index.ts';
import { describeFailure } from '../../src/lowlevel.ts';
import { retry, sharedWriter } from '../../src/sync/index.ts';
import { isConsequence } from '../../src/waiting/scope.ts';
import { isError } from '../../src/vocabulary/realms.ts';
import { ManualClock } from '../../src/testing/index.ts';

const context = createContext({ DOMException });
const evaluate = (source: string): unknown => runInContext(source, context);
/** `€\n` in UTF-8, with a byte around it, in a buffer of the other realm. */
const foreign = evaluate(
  'new Uint8Array([0, 0xe2, 0x82, 0xac, 0x0a, 0]).subarray(1, 5)',
) as Uint8Array;

type Send = (stream: ByteStream, bytes: Uint8Array) => unknown;

const SENDS: readonly (readonly [name: string, send: Send])[] = [
  ['tryWrite', (stream, bytes) => stream.tryWrite(bytes)],
  ['tryWrite, given away', (stream, bytes) => stream.tryWrite(bytes, { transfer: true })],
  ['write', (stream, bytes) => stream.write(bytes)],
  ['writeAll', (stream, bytes) => stream.writeAll(bytes)],
  ['writeAll of the writing half', (stream, bytes) => stream.split()[1].writeAll(bytes)],
  ['writev', (stream, bytes) => stream.writev([bytes, bytes.subarray(4)])],
  ['writev, given away', (stream, bytes) => stream.writev([bytes], { transfer: true })],
  ['a shared writer', (stream, bytes) => sharedWriter(stream).send(bytes)],
  ['an encoder', (stream, bytes) => new FrameWriter(stream, { encode: () => bytes }).write('any')],
  [
    'the Node stream',
    (stream, bytes) =>
      new Promise((resolve) => void stream.toNode().write(Buffer.from(bytes), resolve)),
  ],
  ['the Web stream', (stream, bytes) => stream.toWeb().writable.getWriter().write(bytes)],
  [
    'the Web stream, as an ArrayBuffer',
    (stream, bytes) =>
      stream
        .toWeb()
        .writable.getWriter()
        .write(evaluate(`new Uint8Array([${[...bytes].join()}]).buffer`) as never),
  ],
];

test('the bytes of these tests are of another realm', () => {
  expect(foreign instanceof Uint8Array).toBe(false);
  expect(ArrayBuffer.isView(foreign)).toBe(true);
});

describe('bytes of another realm are written by', () => {
  test.each(SENDS)('%s', async (_name, send) => {
    const [a, b] = memoryPair();
    await send(a, foreign);
    expect(await b.readLine()).toBe('€');
    await Promise.all([a.close(), b.close()]);
  });

  test('a write in parts', async () => {
    const [a, b] = memoryPair({ writeHighWaterMark: 1, readHighWaterMark: 1 });
    const writing = a.writeAll(foreign);
    expect(await b.readLine()).toBe('€');
    await writing;
    await Promise.all([a.close(), b.close()]);
  });

  test('a codec of length-delimited frames', async () => {
    const [a, b] = memoryPair();
    await lengthDelimited(a).write(foreign);
    expect(Buffer.from((await lengthDelimited(b).read()) ?? []).toString()).toBe('€\n');
    await Promise.all([a.close(), b.close()]);
  });

  test('a UDP socket', async () => {
    await using receiver = await UdpSocket.bind('127.0.0.1:0');
    await using sender = await UdpSocket.bind('127.0.0.1:0');
    await sender.sendTo(foreign, receiver.localAddress);
    expect(Buffer.from((await receiver.recvFrom()).data).toString()).toBe('€\n');
  });
});

describe('a buffer of another realm is filled by', () => {
  const buffer = (): Uint8Array => evaluate('new Uint8Array(4)') as Uint8Array;

  test('read and tryRead', async () => {
    const [a, b] = memoryPair();
    await a.writeAll('abcdef');
    const [first, second] = [buffer(), buffer()];
    expect(await b.read(first)).toBe(4);
    expect(b.tryRead(second)).toBe(2);
    expect([...first, ...second.subarray(0, 2)]).toEqual([...Buffer.from('abcdef')]);
    await Promise.all([a.close(), b.close()]);
  });

  test('a read that waits', async () => {
    const [a, b] = memoryPair();
    const target = buffer();
    const reading = b.read(target);
    await a.writeAll('abcd');
    expect(await reading).toBe(4);
    expect([...target]).toEqual([...Buffer.from('abcd')]);
    await Promise.all([a.close(), b.close()]);
  });
});

test('a delimiter may be of another realm', async () => {
  const [a, b] = memoryPair();
  await a.writeAll('left\nright');
  const line = await b.readUntil(evaluate('new Uint8Array([10])') as Uint8Array);
  expect(Buffer.from(line ?? []).toString()).toBe('left\n');
  await Promise.all([a.close(), b.close()]);
});

test('other views of another realm are refused as those of this one', async () => {
  const [a, b] = memoryPair();
  const wrongs = [
    'new Uint16Array(1)',
    'new Uint8ClampedArray(1)',
    'new ArrayBuffer(1)',
    '[1]',
    '({ [Symbol.toStringTag]: "Uint8Array", length: 1 })',
  ];
  for (const source of wrongs) {
    const wrong = evaluate(source) as Uint8Array;
    expect(() => a.tryWrite(wrong)).toThrow(InvalidInputError);
    expect(() => a.tryRead(wrong)).toThrow(InvalidInputError);
    await expect(a.writeAll(wrong)).rejects.toThrow(InvalidInputError);
  }
  expect(a.statistics().bytesWritten).toBe(0);
  await Promise.all([a.close(), b.close()]);
});

describe('an error of another realm', () => {
  const failure = (): Error => evaluate('new TypeError("theirs")') as Error;

  test('is shown with its stack', () => {
    expect(describeFailure(failure())).toMatch(/TypeError: theirs\n +at /);
  });

  test('that is an abort is not tried again', async () => {
    let attempts = 0;
    const abort = evaluate('Object.assign(new Error("left"), { name: "AbortError" })');
    const trying = retry(
      () => {
        attempts += 1;
        throw abort;
      },
      { clock: new ManualClock() },
    );
    await expect(trying).rejects.toBe(abort);
    expect(attempts).toBe(1);
  });

  test.each([
    'Object.assign(new Error("left"), { name: "AbortError" })',
    'new AggregateError([Object.assign(new Error("left"), { name: "AbortError" })])',
    'new Error("why", { cause: Object.assign(new Error("left"), { name: "AbortError" }) })',
  ])('%s tells whether a cancel caused it', (source) => {
    const cancelled = new CancelledError('task', new Error('left'));
    expect(isConsequence(evaluate(source), cancelled)).toBe(!source.startsWith('new Error'));
  });

  test('is known from what only looks like one', () => {
    expect([failure(), new DOMException('x'), new RangeError('x')].map(isError)).toEqual([
      true,
      true,
      true,
    ]);
    const strange = new Proxy(
      {},
      {
        get() {
          throw failure();
        },
        getPrototypeOf() {
          throw failure();
        },
      },
    );
    const others = [null, undefined, 'Error', () => {}, { message: 'x' }, strange];
    expect(others.map(isError)).toEqual(others.map(() => false));
  });
});
