/** Limits and performance, and fragments that a sender makes by itself: sections 9 and 10 of the Autobahn test suite. */
import { describe, expect, jest, test } from '@jest/globals';
import { WebSocketConnection, type Role } from '../../src/websocket/protocol/connection.ts';
import { DEFAULT_PROTOCOL_LIMITS } from '../../src/websocket/protocol/limits.ts';
import { BINARY, CONTINUATION, frame, TEXT } from './frames.ts';

const KIB = 1_024;
const MIB = 1_048_576;
const LIMITS = {
  ...DEFAULT_PROTOCOL_LIMITS,
  frameBytes: 16 * MIB,
  messageBytes: 16 * MIB,
  fragments: 65_536,
};

interface LongCase {
  readonly id: string;
  readonly what: string;
  readonly bytes: number;
  readonly isText: boolean;
  /** The size of a fragment. */
  readonly fragment: number;
  /** The size of the pieces that arrive. */
  readonly chop: number;
  /** How many messages. */
  readonly count: number;
}

const both = (
  section: readonly [text: number, binary: number],
  sizes: readonly number[],
  make: (size: number) => Partial<LongCase> & { readonly bytes: number },
): LongCase[] =>
  section.flatMap((number, kind) =>
    sizes.map((size, index) => {
      const isText = kind === 0;
      const parts = { fragment: Infinity, chop: 64 * KIB, count: 1, ...make(size) };
      const fragments = parts.fragment === Infinity ? '' : ` in fragments of ${parts.fragment}`;
      const what = `${parts.count} × ${parts.bytes} bytes of ${isText ? 'text' : 'data'}${fragments}, ${parts.chop} at a time`;
      return { id: `9.${number}.${index + 1}`, what, isText, ...parts };
    }),
  );

const SIZES = [64 * KIB, 256 * KIB, MIB, 4 * MIB, 8 * MIB, 16 * MIB];
const FRAGMENTS = [64, 256, KIB, 4 * KIB, 16 * KIB, 64 * KIB, 256 * KIB, MIB, 4 * MIB];
const CASES: readonly LongCase[] = [
  ...both([1, 2], SIZES, (bytes) => ({ bytes })),
  ...both([1, 2], [64 * KIB], (bytes) => ({ bytes, chop: 1 })),
  ...both([3, 4], FRAGMENTS, (fragment) => ({ bytes: 4 * MIB, fragment })),
  ...both([5, 6], [64, 128, 256, 512, KIB, 2 * KIB], (chop) => ({ bytes: MIB, chop })),
  ...both([7, 8], [0, 16, 64, 256, KIB, 4 * KIB], (bytes) => ({ bytes, count: 1_000 })),
  {
    id: '10.1.1',
    what: '65536 bytes of text in fragments of 1300',
    bytes: 65_536,
    isText: true,
    fragment: 1_300,
    chop: 64 * KIB,
    count: 1,
  },
];

const payloadOf = ({ bytes, isText }: LongCase): Buffer =>
  Buffer.alloc(bytes, isText ? 'BAsd7&jh23' : Buffer.from('00fe23faf0', 'hex'));

function framesOf(each: LongCase, isMasked: boolean): Buffer {
  const { bytes, isText, fragment } = each;
  const payload = payloadOf(each);
  const frames: Buffer[] = [];
  for (let at = 0; at === 0 || at < bytes; at += fragment) {
    const end = Math.min(bytes, at + fragment);
    const opcode = at > 0 ? CONTINUATION : isText ? TEXT : BINARY;
    const part = payload.subarray(at, end);
    frames.push(frame({ opcode, payload: part, fin: end === bytes }, isMasked));
  }
  return Buffer.concat(frames);
}

/** Passes bytes in as they would arrive, and takes the messages. */
function messagesOf(connection: WebSocketConnection, wire: Uint8Array, chop: number): unknown[] {
  const messages: unknown[] = [];
  for (let at = 0; at < wire.length;) {
    at += connection.receive(wire.subarray(at, at + chop));
    for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
      messages.push(event.type === 'message' ? event.data : event);
    }
  }
  return messages;
}

const make = (role: Role): WebSocketConnection =>
  new WebSocketConnection(role, LIMITS, () => 0x1234_5678);

describe.each(['server', 'client'] as const)('a %s that sends everything back', (role) => {
  test.each(CASES)('$id: $what', (each) => {
    const wire = framesOf(each, role === 'server');
    const connection = make(role);
    const peer = make(role === 'server' ? 'client' : 'server');
    const payload = payloadOf(each);
    const expected = each.isText ? payload.toString() : payload;
    let right = 0;
    for (let count = 0; count < each.count; count += 1) {
      const [message, ...others] = messagesOf(connection, wire, each.chop);
      const [echo] = messagesOf(peer, connection.sendMessage(message as string), 64 * KIB);
      // `expect` looks at each byte, which takes longer than the case.
      const isSame =
        typeof echo === 'string' ? echo === expected : payload.equals(echo as Uint8Array);
      if (isSame && typeof echo === typeof expected && others.length === 0) right += 1;
    }
    expect(right).toBe(each.count);
  });
});

describe('a message in many fragments (9.3.1)', () => {
  test('is not copied for each of them', () => {
    const many = { id: '', what: '', isText: true, chop: 1, count: 1 };
    const wire = framesOf({ ...many, bytes: MIB, fragment: 64 }, true);
    const connection = make('server');
    let copied = 0;
    const { set } = Uint8Array.prototype;
    jest.spyOn(Uint8Array.prototype, 'set').mockImplementation(function (
      this: Uint8Array,
      from,
      at,
    ) {
      copied += from.length;
      set.call(this, from, at);
    });
    messagesOf(connection, wire, 64 * KIB);
    jest.restoreAllMocks();
    expect(copied).toBeGreaterThan(MIB / 2);
    expect(copied).toBeLessThan(4 * MIB);
  });
});

describe('a message without an end (9.9.1)', () => {
  test('ends at a limit, with no more kept than the limit', () => {
    const connection = make('server');
    const part = { payload: '*'.repeat(4 * KIB), fin: false };
    connection.receive(frame({ opcode: TEXT, ...part }, true));
    let count = 1;
    for (; connection.nextEvent() === undefined; count += 1) {
      connection.receive(frame({ opcode: CONTINUATION, ...part }, true));
    }
    expect((count - 1) * 4 * KIB).toBe(16 * MIB);
  });
});

describe('a fragment (10.1.1)', () => {
  test('is sent as it was asked for', () => {
    const connection = make('server');
    const text = '*'.repeat(65_536);
    const frames: Uint8Array[] = [];
    for (let at = 0; at < text.length; at += 1_300) {
      const place = { isFirst: at === 0, isFinal: at + 1_300 >= text.length };
      frames.push(connection.sendMessage(text.slice(at, at + 1_300), place));
    }
    expect(frames.length).toBe(51);
    expect(messagesOf(make('client'), Buffer.concat(frames), 64 * KIB)).toEqual([text]);
  });
});
