/** Compressed messages without I/O: RFC 7692 sections 6 and 7.2, and the limits on what they expand to. */
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import {
  acceptCompression,
  codingOf,
  offerCompression,
  openCompression,
} from '../../src/websocket/compression/compression.ts';
import {
  DEFAULT_COMPRESSION,
  type CompressionSettings,
} from '../../src/websocket/compression/compression-options.ts';
import { WebSocketConnection, type Role } from '../../src/websocket/protocol/connection.ts';
import type { WebSocketEvent } from '../../src/websocket/protocol/events.ts';
import { DEFAULT_PROTOCOL_LIMITS } from '../../src/websocket/protocol/limits.ts';
import { deflated, DeflatePeer, TEST_MASK } from './deflate-peer.ts';
import {
  BINARY,
  CLOSE,
  CONTINUATION,
  frame,
  hex,
  PING,
  show,
  TEXT,
  type FrameSpec,
} from './frames.ts';
import { replaceZlib, restoreZlib, watchZlib } from './zlib-watch.ts';

interface Made {
  readonly role?: Role;
  readonly limits?: object;
  readonly hasTakeover?: boolean;
  readonly windowBits?: number;
  readonly settings?: Partial<CompressionSettings>;
}

function make({
  role = 'server',
  limits = {},
  hasTakeover = true,
  windowBits = 15,
  settings = {},
}: Made = {}): WebSocketConnection {
  const all = { ...DEFAULT_PROTOCOL_LIMITS, ...limits };
  const terms = {
    serverNoContextTakeover: !hasTakeover,
    clientNoContextTakeover: !hasTakeover,
    serverMaxWindowBits: windowBits,
    clientMaxWindowBits: windowBits,
  };
  const coding = codingOf(role, terms, { ...DEFAULT_COMPRESSION, threshold: 0, ...settings }, all);
  return new WebSocketConnection(role, all, () => TEST_MASK, coding);
}

/** What a server makes of frames of a client: whole, byte by byte, and with more behind. */
function received(made: Made, ...frames: readonly FrameSpec[]): string[] {
  const isMasked = made.role !== 'client';
  const wire = Buffer.concat(frames.map((each) => frame(each, isMasked)));
  const runs = [wire.length, 1, 3].map((piece) => eventsOf(make(made), wire, piece));
  const [first, ...others] = runs as [string[], ...string[][]];
  for (const other of others) expect(other).toEqual(first);
  const trailing = Buffer.concat([wire, frame({ opcode: PING }, isMasked)]);
  const isOver = /^(?:close|failure)/.test(first.at(-1) ?? '');
  expect(eventsOf(make(made), trailing, trailing.length)).toEqual(
    isOver ? first : [...first, 'ping '],
  );
  return first;
}

function eventsOf(connection: WebSocketConnection, wire: Uint8Array, piece: number): string[] {
  const events: string[] = [];
  for (let at = 0; at < wire.length;) {
    at += connection.receive(wire.subarray(at, at + piece));
    for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
      events.push(show(event));
    }
  }
  connection.free();
  return events;
}

const bytes = (text: string): Buffer => Buffer.from(text.replaceAll(' ', ''), 'hex');
const isCodedFrame = (wire: Uint8Array): boolean => (Buffer.from(wire).readUInt8() & 0x40) !== 0;
const coded = (payload: Uint8Array, more: Partial<FrameSpec> = {}): FrameSpec => ({
  opcode: TEXT,
  rsv: 4,
  payload,
  ...more,
});

afterEach(() => {
  jest.restoreAllMocks();
  restoreZlib();
});

describe('the examples of RFC 7692 section 7.2.3:', () => {
  test.each<readonly [string, readonly FrameSpec[], readonly string[]]>([
    ['a message', [coded(bytes('f248cdc9c90700'))], ['text Hello']],
    [
      'a message in fragments',
      [
        coded(bytes('f248cd'), { fin: false }),
        { opcode: CONTINUATION, payload: bytes('c9c90700') },
      ],
      ['text Hello'],
    ],
    [
      'a message that refers to the one before',
      [coded(bytes('f248cdc9c90700')), coded(bytes('f200110000'))],
      ['text Hello', 'text Hello'],
    ],
    ['a block without compression', [coded(bytes('000500faff48656c6c6f00'))], ['text Hello']],
    ['a final block', [coded(bytes('f348cdc9c9070000'))], ['text Hello']],
    [
      'a final block, and a message after it',
      [coded(bytes('f348cdc9c9070000')), coded(bytes('f248cdc9c90700'))],
      ['text Hello', 'text Hello'],
    ],
    ['two blocks', [coded(bytes('f24805000000ffffcac9c90700'))], ['text Hello']],
    ['an empty message', [coded(bytes('00'))], ['text ']],
    ['an empty message of an empty block', [coded(bytes('0200'))], ['text ']],
  ])('%s', (_what, frames, expected) => {
    expect(received({}, ...frames)).toEqual(expected);
    expect(received({ role: 'client' }, ...frames)).toEqual(expected);
  });

  test('a message that refers to one before is refused without takeover', () => {
    const frames = [coded(bytes('f248cdc9c90700')), coded(bytes('f200110000'))];
    expect(received({ hasTakeover: false }, ...frames)).toEqual(['text Hello', 'failure 1007']);
  });
});

describe('the bit of a compressed message', () => {
  const hello = bytes('f248cdc9c90700');
  test.each<readonly [string, readonly FrameSpec[]]>([
    [
      'a continuation',
      [
        coded(hello.subarray(0, 3), { fin: false }),
        { opcode: CONTINUATION, rsv: 4, payload: hello.subarray(3) },
      ],
    ],
    ['a ping', [{ opcode: PING, rsv: 4 }]],
    ['a close frame', [{ opcode: CLOSE, rsv: 4 }]],
    ['text, with another reserved bit', [coded(hello, { rsv: 6 })]],
    ['text, the wrong bit', [coded(hello, { rsv: 2 })]],
  ])('on %s is refused', (_what, frames) => {
    expect(received({}, ...frames)).toEqual(['failure 1002']);
  });

  test('is refused where compression was not agreed on', () => {
    const connection = new WebSocketConnection('server', DEFAULT_PROTOCOL_LIMITS, () => 0);
    expect(eventsOf(connection, frame(coded(hello), true), 1)).toEqual(['failure 1002']);
  });

  test('may be missing: each message is compressed or not', () => {
    expect(
      received({}, { opcode: TEXT, payload: 'plain' }, coded(hello), {
        opcode: BINARY,
        payload: 'x',
      }),
    ).toEqual(['text plain', 'text Hello', 'binary 78']);
  });
});

describe('a compressed message', () => {
  test('may have pings between its fragments', () => {
    const payload = deflated('Hello, Hello, Hello');
    expect(
      received(
        {},
        coded(payload.subarray(0, 4), { fin: false }),
        { opcode: PING, payload: 'x' },
        { opcode: CONTINUATION, payload: payload.subarray(4) },
      ),
    ).toEqual(['ping 78', 'text Hello, Hello, Hello']);
  });

  test('that is no DEFLATE is refused with 1007', () => {
    expect(received({}, coded(bytes('ffffffff')))).toEqual(['failure 1007']);
    const connection = make();
    connection.receive(frame(coded(bytes('ffffffff')), true));
    expect(connection.nextEvent()).toMatchObject({ error: { code: 'ERR_WEBSOCKET_DEFLATE' } });
    connection.free();
  });

  test('that is not UTF-8 is refused as soon as that shows, before the rest of it has come', () => {
    const payload = deflated(Buffer.from(`ab\xff${'c'.repeat(500)}`, 'latin1'), { level: 0 });
    const wire = frame(coded(payload), true);
    const connection = make();
    // Head, mask, the head of a block, and three bytes of it.
    const until = 4 + 4 + 5 + 3;
    connection.receive(wire.subarray(0, until - 1));
    expect(connection.nextEvent()).toBeUndefined();
    connection.receive(wire.subarray(until - 1, until));
    expect(connection.nextEvent()).toMatchObject({ error: { closeCode: 1007 } });
    connection.free();
    expect(received({}, coded(payload))).toEqual(['failure 1007']);
    expect(received({}, coded(deflated(Buffer.from('e282', 'hex'))))).toEqual(['failure 1007']);
  });

  test('may have no window larger than agreed on', () => {
    const far = Buffer.concat([
      Buffer.from('0123456789'.repeat(3)),
      Buffer.alloc(900, 1),
      Buffer.from('0123456789'.repeat(3)),
    ]);
    const wide = deflated(far, { level: 9, windowBits: 15 });
    const connection = make({ windowBits: 9 });
    const wire = frame(coded(wide, { opcode: BINARY }), true);
    // A byte at a time, so that zlib has no more than its window.
    expect(eventsOf(connection, wire, 1)).toEqual(['failure 1007']);
    expect(received({}, coded(wide, { opcode: BINARY }))).toHaveLength(1);
  });
});

describe('what is sent', () => {
  test.each([8, 9, 12, 15])('stays within a window of %d bits', (windowBits) => {
    const connection = make({ windowBits });
    const direction = { hasTakeover: true, windowBits };
    const peer = new DeflatePeer(true, direction, direction);
    let text = '';
    for (let line = 0; line < 300; line += 1) text += `line ${line % 37} of ${line % 11};`;
    for (const message of [text, text.slice(100), '', 'x', text]) {
      const read = peer.read(connection.sendMessage(message));
      expect(read).toEqual({ data: Buffer.from(message), isText: true, isCoded: true });
    }
    connection.free();
  });

  test('is compressed from the threshold to the ceiling, and not outside', () => {
    const connection = make({ settings: { threshold: 10, ceiling: 20 } });
    const isCoded = (size: number): boolean =>
      isCodedFrame(connection.sendMessage('\u00e4'.repeat(size / 2)));
    expect([8, 10, 20, 22].map(isCoded)).toEqual([false, true, true, false]);
    connection.free();
  });

  test('refers to earlier messages, or does not, as agreed on', () => {
    const message = 'the same words again and again, in other letters: '.repeat(3) + Math.E;
    const sizes = [true, false].map((hasTakeover) => {
      const connection = make({ hasTakeover });
      const [first, second] = [connection.sendMessage(message), connection.sendMessage(message)];
      connection.free();
      return second.length / first.length;
    });
    expect(sizes[0]).toBeLessThan(0.3);
    expect(sizes[1]).toBe(1);
  });

  test.each([
    ['text', ['Hel', 'lo']],
    ['text', ['Hello', '']],
    ['text', ['', '']],
    ['binary', [bytes('00ff'), bytes(''), bytes('01')]],
  ])('as %s in fragments %j has the bit on the first alone', (kind, parts) => {
    for (const role of ['server', 'client'] as const) {
      const [sender, receiver] = [
        make({ role }),
        make({ role: role === 'server' ? 'client' : 'server' }),
      ];
      const send = (): Uint8Array[] =>
        parts.map((part, at) =>
          sender.sendMessage(part, { isFirst: at === 0, isFinal: at === parts.length - 1 }),
        );
      for (const frames of [send(), send()]) {
        expect(frames.map(isCodedFrame)).toEqual(parts.map((_, at) => at === 0));
        const whole = Buffer.concat(parts.map((part) => Buffer.from(part as string)));
        const expected = kind === 'text' ? `text ${String(whole)}` : `binary ${hex(whole)}`;
        for (const each of frames) receiver.receive(each);
        const event = receiver.nextEvent();
        expect(event === undefined ? undefined : show(event)).toBe(expected);
      }
      sender.free();
      receiver.free();
    }
  });

  test('is longer than a piece of zlib’s output', () => {
    const [sender, receiver] = [make(), make({ role: 'client' })];
    const noise = Buffer.from(
      Array.from({ length: 100_000 }, (_, at) => (at * at * 2_654_435_761) >>> 13),
    );
    const wire = sender.sendMessage(noise);
    expect(eventsOf(receiver, wire, wire.length)).toEqual([
      `binary ${show({ type: 'message', data: noise }).slice(7)}`,
    ]);
    sender.free();
  });
});

describe('a limit', () => {
  const zeros = (length: number): Buffer => deflated(Buffer.alloc(length), { level: 9 });
  const binary = (payload: Buffer): FrameSpec => coded(payload, { opcode: BINARY });

  test.each<readonly [string, object, number, number]>([
    ['inflatedBytes', { inflatedBytes: 5_000 }, 5_000, 5_001],
    ['messageBytes', { messageBytes: 5_000 }, 5_000, 5_001],
    ['compressionRatio', { compressionRatio: 2 }, 2_048, 2_049],
    ['inflatedBytes', { compressionRatio: Infinity }, 200_000, 2_000_000],
    ['compressionRatio', {}, 204_800, 204_801],
  ])('%s %j lets %d bytes through, and not %d', (name, limits, right, wrong) => {
    expect(received({ limits }, binary(zeros(right)))[0]).toMatch(/^binary /);
    expect(received({ limits }, binary(zeros(wrong)))).toEqual(['failure 1009']);
    const connection = make({ limits });
    const wire = frame(binary(zeros(wrong)), true);
    let event;
    for (let at = 0; at < wire.length && event === undefined;) {
      at += connection.receive(wire.subarray(at));
      event = connection.nextEvent();
    }
    expect(event).toMatchObject({ error: { limitName: name, code: 'ERR_WEBSOCKET_LIMIT' } });
    connection.free();
  });

  test('counts what a message inflates to, all its fragments together', () => {
    const payload = zeros(5_001);
    const half = payload.length >> 1;
    expect(
      received(
        { limits: { inflatedBytes: 5_000 } },
        coded(payload.subarray(0, half), { opcode: BINARY, fin: false }),
        { opcode: CONTINUATION, payload: payload.subarray(half) },
      ),
    ).toEqual(['failure 1009']);
  });

  test('lets a message through whose compressed form is longer than it', () => {
    const random = Buffer.from(Array.from({ length: 1_000 }, (_, at) => (at * 7_919 * at) >>> 3));
    const payload = deflated(random, { level: 0 });
    expect(payload.length).toBeGreaterThan(1_000);
    expect(received({ limits: { messageBytes: 1_000 } }, binary(payload))[0]).toMatch(/^binary/);
  });

  test('stops a bomb there, and not after: no more than a piece is inflated beyond it', () => {
    // 100 MiB in 100 KiB.
    const bomb = frame(binary(zeros(100 * 1_048_576)), true);
    const connection = make({ limits: { compressionRatio: Infinity } });
    let largest = 0;
    const { set } = Uint8Array.prototype;
    jest.spyOn(Uint8Array.prototype, 'set').mockImplementation(function (
      this: Uint8Array,
      ...args
    ) {
      largest = Math.max(largest, this.length);
      set.apply(this, args);
    });
    let at = 0;
    let event;
    for (; at < bomb.length && event === undefined; event = connection.nextEvent()) {
      at += connection.receive(bomb.subarray(at));
    }
    jest.restoreAllMocks();
    expect(event).toMatchObject({ error: { limitName: 'inflatedBytes' } });
    expect(largest).toBeGreaterThan(0);
    expect(largest).toBeLessThanOrEqual(2 * 1_048_576);
    connection.free();
  });
});

describe('a call that is given much', () => {
  test('returns when it has decoded some of it, and takes the rest in the next', () => {
    const connection = make({
      limits: { messageBytes: 50_000_000, inflatedBytes: 50_000_000, compressionRatio: 2_000 },
    });
    const wire = frame(coded(deflated(Buffer.alloc(40_000_000)), { opcode: BINARY }), true);
    let calls = 0;
    for (let at = 0; at < wire.length; calls += 1) {
      const taken = connection.receive(wire.subarray(at));
      expect(taken).toBeGreaterThan(0);
      at += taken;
    }
    expect(calls).toBeGreaterThan(20);
    expect(show(connection.nextEvent() as WebSocketEvent)).toBe(
      `binary ${'00'.repeat(8)}... (80000000)`,
    );
    connection.free();
  });
});

describe('a handshake', () => {
  const limits = DEFAULT_PROTOCOL_LIMITS;

  test('makes the coding of either side of what was agreed on', () => {
    const options = { contextTakeover: true, threshold: 0 };
    const offer = offerCompression(options) as string;
    const accepted = acceptCompression([offer], options, limits);
    if (typeof accepted !== 'object') throw new Error('not accepted');
    const opened = openCompression([accepted.text], options, limits);
    if (typeof opened !== 'object') throw new Error('not opened');
    expect(opened.text).toBe(accepted.text);
    const data = Buffer.from('Hello, Hello');
    const bytesSent = accepted.coding.encoder.encode(data, true);
    const pieces: Buffer[] = [];
    const take = (piece: Uint8Array): void => {
      pieces.push(Buffer.from(piece));
    };
    opened.coding.decoder.push(bytesSent, take);
    opened.coding.decoder.end(take);
    expect(Buffer.concat(pieces)).toEqual(data);
    accepted.coding.encoder.close();
    opened.coding.decoder.close();
  });

  test('that agrees on nothing, or wrongly, says so', () => {
    expect(acceptCompression([], {}, limits)).toBeUndefined();
    expect(acceptCompression(['x'], {}, limits)).toBeUndefined();
    expect(acceptCompression(['x x'], {}, limits)).toBe('malformed');
    expect(openCompression([], {}, limits)).toBeUndefined();
    expect(openCompression(['x'], {}, limits)).toBe('refused');
  });
});

describe('what zlib holds', () => {
  const hello = frame(coded(bytes('f248cdc9c90700')), true);

  test('is nothing until a message is compressed, and nothing after it without takeover', () => {
    const zlib = watchZlib();
    const connection = make({ hasTakeover: false });
    connection.receive(frame({ opcode: TEXT, payload: 'plain' }, true));
    expect(zlib.made).toBe(0);
    connection.receive(hello);
    connection.sendMessage('Hello');
    expect([zlib.made, zlib.open]).toEqual([2, 0]);
  });

  test('is a context for each direction with takeover, and is freed with the connection', () => {
    const zlib = watchZlib();
    const connection = make();
    for (let count = 0; count < 3; count += 1) {
      connection.receive(hello);
      connection.sendMessage('Hello');
    }
    expect([zlib.made, zlib.open]).toEqual([2, 2]);
    connection.free();
    connection.free();
    expect(zlib.open).toBe(0);
  });

  test('is nothing at all where zlib lacks what is needed: then compression is neither offered nor agreed to', () => {
    for (const engine of [
      { close: () => {} },
      { _handle: {}, close: () => {} },
      { _handle: { writeSync: () => {} }, close: () => {} },
      { _handle: { writeSync: () => {} }, _writeState: [], close: () => {} },
    ]) {
      replaceZlib('createInflateRaw', () => engine);
      expect(offerCompression({})).toBeUndefined();
      expect(
        acceptCompression(['permessage-deflate'], {}, DEFAULT_PROTOCOL_LIMITS),
      ).toBeUndefined();
      restoreZlib();
    }
    expect(offerCompression({})).toMatch(/^permessage-deflate; /);
  });
});
