import { describe, expect, test } from '@jest/globals';
import { LocalProtocolError } from '../../src/index.ts';
import { WebSocketConnection, type Role } from '../../src/websocket/protocol/connection.ts';
import { DEFAULT_PROTOCOL_LIMITS } from '../../src/websocket/protocol/limits.ts';
import { MOVES, SideState } from '../../src/websocket/protocol/state.ts';
import { BINARY, closing, CLOSE, CONTINUATION, frame, hex, PING, show, TEXT } from './frames.ts';

const connect = (role: Role = 'server', limits = {}, mask = 0): WebSocketConnection =>
  new WebSocketConnection(role, { ...DEFAULT_PROTOCOL_LIMITS, ...limits }, () => mask);

function drain(connection: WebSocketConnection): string[] {
  const events: string[] = [];
  for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
    events.push(show(event));
  }
  return events;
}

/** The events of frames of a client, in one piece. */
function received(limits: object, ...frames: Parameters<typeof frame>[0][]): string[] {
  const connection = connect('server', limits);
  const wire = Buffer.concat(frames.map((each) => frame(each, true)));
  for (let at = 0; at < wire.length;) at += connection.receive(wire.subarray(at));
  return drain(connection);
}

describe('a limit', () => {
  const part = { opcode: CONTINUATION, payload: 'abc', fin: false } as const;
  const begin = { opcode: TEXT, payload: 'abc', fin: false } as const;
  test.each([
    ['frameBytes', { frameBytes: 3 }, [{ opcode: TEXT, payload: 'abc' }], ['text abc']],
    ['frameBytes', { frameBytes: 2 }, [{ opcode: TEXT, payload: 'abc' }], ['failure 1009']],
    ['messageBytes', { messageBytes: 6 }, [begin, { ...part, fin: true }], ['text abcabc']],
    ['messageBytes', { messageBytes: 5 }, [begin, part], ['failure 1009']],
    ['fragments', { fragments: 2 }, [begin, { ...part, fin: true }], ['text abcabc']],
    ['fragments', { fragments: 2 }, [begin, part, part], ['failure 1008']],
    [
      'controlFrames',
      { controlFrames: 2 },
      [{ opcode: PING }, { opcode: PING }],
      ['ping ', 'ping '],
    ],
    [
      'controlFrames',
      { controlFrames: 1 },
      [{ opcode: PING }, { opcode: TEXT, payload: 'a' }, { opcode: PING }],
      ['ping ', 'text a', 'ping '],
    ],
    [
      'controlFrames',
      { controlFrames: 1 },
      [{ opcode: PING }, { opcode: PING }],
      ['ping ', 'failure 1008'],
    ],
  ])('of %s: %j', (_name, limits, frames, expected) => {
    expect(received(limits, ...frames)).toEqual(expected);
  });

  test('that is exceeded names itself and its value', () => {
    const connection = connect('server', { messageBytes: 2 });
    connection.receive(frame({ opcode: BINARY, payload: 'abc' }, true));
    const failure = connection.nextEvent();
    expect(failure).toMatchObject({
      error: { name: 'WebSocketError', limitName: 'messageBytes', limit: 2, closeCode: 1009 },
    });
    expect(connection.peerState).toBe(SideState.FAILED);
  });

  test('of messages ahead of their reader stops the taking of bytes, and loses none', () => {
    const connection = connect('server', { readAheadMessages: 2 });
    const one = frame({ opcode: TEXT, payload: 'x' }, true);
    const wire = Buffer.concat([one, one, one]);
    const taken = connection.receive(wire);
    expect(taken).toBe(one.length * 2);
    expect(connection.receive(wire.subarray(taken))).toBe(0);
    expect(drain(connection)).toEqual(['text x', 'text x']);
    expect(connection.receive(wire.subarray(taken))).toBe(one.length);
    expect(drain(connection)).toEqual(['text x']);
  });

  test('of a program that fails is no fault of the peer', () => {
    const limits = {
      ...DEFAULT_PROTOCOL_LIMITS,
      get frameBytes(): number {
        throw new RangeError('no limit');
      },
    };
    const connection = new WebSocketConnection('server', limits, () => 0);
    expect(() => connection.receive(frame({ opcode: TEXT }, true))).toThrow(RangeError);
  });
});

describe('a length', () => {
  test.each([
    ['125 in two bytes', [126, 0, 125]],
    ['65535 in eight bytes', [127, 0, 0, 0, 0, 0, 0, 255, 255]],
    ['the first bit 1', [127, 128, 0, 0, 0, 0, 1, 0, 0]],
  ])('that is written as %s is refused', (_what, length) => {
    const connection = connect('client');
    connection.receive(Uint8Array.of(0x82, ...length));
    expect(drain(connection)).toEqual(['failure 1002']);
  });

  test('of more than any limit costs no memory', () => {
    const connection = connect('client');
    connection.receive(Uint8Array.of(0x82, 127, 127, 255, 255, 255, 255, 255, 255, 255));
    expect(drain(connection)).toEqual(['failure 1009']);
  });
});

describe('the end of the connection', () => {
  test.each([
    [
      'after a close frame',
      [{ opcode: CLOSE, payload: closing(1000) }],
      ['close 1000 ', 'end clean'],
    ],
    ['between two messages', [{ opcode: TEXT, payload: 'a' }], ['text a', 'end early']],
    ['within a message', [{ opcode: TEXT, payload: 'a', fin: false }], ['end early']],
    ['after a fault', [{ opcode: CONTINUATION }], ['failure 1002', 'end early']],
  ])('%s', (_what, frames, expected) => {
    const connection = connect();
    for (const each of frames) connection.receive(frame(each, true));
    connection.receiveEnd();
    connection.receiveEnd();
    expect(drain(connection)).toEqual([...expected, expected.at(-1)]);
  });
});

describe('what a side sends', () => {
  test('is masked by a client with the mask that it draws, and not by a server', () => {
    const ours = connect('client', {}, 0x37fa213d).sendMessage('Hello');
    // RFC 6455 section 5.7.
    expect(hex(ours)).toBe('818537fa213d7f9f4d5158');
    expect(hex(connect().sendMessage('Hello'))).toBe('810548656c6c6f');
    expect(hex(connect('client', {}, -1).sendPing(Uint8Array.of(1)))).toBe('8981fffffffffe');
  });

  test.each([0, 1, 125, 126, 65_535, 65_536])(
    'of %d bytes is what the other side receives',
    (size) => {
      for (const role of ['client', 'server'] as const) {
        const sender = connect(role, {}, 0x01020304);
        const receiver = connect(role === 'client' ? 'server' : 'client');
        const bytes = Uint8Array.from({ length: size }, (_, at) => at % 251);
        receiver.receive(sender.sendMessage(bytes));
        expect(receiver.nextEvent()).toEqual({ type: 'message', data: bytes });
        receiver.receive(sender.sendMessage('ä'.repeat(size)));
        expect(receiver.nextEvent()).toEqual({ type: 'message', data: 'ä'.repeat(size) });
      }
    },
  );

  test('is its own: changing the bytes afterwards changes nothing', () => {
    const bytes = Uint8Array.of(1, 2, 3);
    const sent = connect('client', {}, 7).sendMessage(bytes);
    const before = hex(sent);
    expect([...bytes]).toEqual([1, 2, 3]);
    bytes.fill(9);
    expect(hex(sent)).toBe(before);
  });

  test('may be fragments, with control frames between', () => {
    const sender = connect();
    const receiver = connect('client');
    receiver.receive(sender.sendMessage('one ', { isFirst: true, isFinal: false }));
    receiver.receive(sender.sendPong(Uint8Array.of(7)));
    receiver.receive(sender.sendMessage('two ', { isFirst: false, isFinal: false }));
    receiver.receive(sender.sendMessage('three', { isFirst: false, isFinal: true }));
    expect(drain(receiver)).toEqual(['pong 07', 'text one two three']);
    expect(sender.localState).toBe(SideState.READY);
  });

  test('a lone surrogate becomes U+FFFD', () => {
    const receiver = connect('client');
    receiver.receive(connect().sendMessage('a\ud800b'));
    expect(drain(receiver)).toEqual(['text a\ufffdb']);
  });

  test.each([
    [undefined, '', '8800'],
    [1000, '', '880203e8'],
    [4999, 'ä', '88041387c3a4'],
  ])('is closed by %p %p', (code, reason, expected) => {
    const sender = connect();
    expect(hex(sender.sendClose(code, reason))).toBe(expected);
    expect(sender.localState).toBe(SideState.CLOSING);
    sender.sendEnd();
    expect(sender.localState).toBe(SideState.ENDED);
  });

  test.each<readonly [string, (sender: WebSocketConnection) => unknown]>([
    ['a code that is never sent', (sender) => sender.sendClose(1006, '')],
    ['a code that is no whole number', (sender) => sender.sendClose(1000.5, '')],
    ['a reason without a code', (sender) => sender.sendClose(undefined, 'why')],
    ['a reason that is too long', (sender) => sender.sendClose(1000, 'x'.repeat(124))],
    ['a ping that is too long', (sender) => sender.sendPing(new Uint8Array(126))],
    [
      'a continuation of nothing',
      (sender) => sender.sendMessage('', { isFirst: false, isFinal: true }),
    ],
    [
      'a message within a message',
      (sender) => {
        sender.sendMessage('', { isFirst: true, isFinal: false });
        sender.sendMessage('');
      },
    ],
    [
      'anything after the close frame',
      (sender) => {
        sender.sendClose(1000, '');
        sender.sendPing(new Uint8Array(0));
      },
    ],
  ])('is refused: %s', (_what, send) => {
    expect(() => send(connect())).toThrow(LocalProtocolError);
  });
});

test('every state of a side has a way to the end, and a final one leads nowhere else', () => {
  for (const [state, moves] of Object.entries(MOVES)) {
    expect(moves.end).toBeDefined();
    const isFinal = ['ENDED', 'LOST', 'FAILED'].includes(state);
    expect(isFinal ? moves : { end: state }).toEqual({ end: state });
  }
});

describe('a message that is taken in parts', () => {
  /** Takes a part after each piece of the wire. */
  function parts(step: number, ...frames: Parameters<typeof frame>[0][]): string[] {
    const connection = connect();
    const wire = Buffer.concat(frames.map((each) => frame(each, true)));
    const seen: string[] = [];
    for (let at = 0; at < wire.length; at += step) {
      connection.receive(wire.subarray(at, at + step));
      seen.push(...drain(connection));
      const part = connection.takePart();
      if (part !== undefined) seen.push(`${part.isText ? 'text' : 'bytes'} part ${hex(part.data)}`);
      expect(connection.partBytes).toBe(0);
      expect(connection.takePart()).toBeUndefined();
    }
    return seen;
  }

  test('has them as they come, and its end as the rest', () => {
    const half = { opcode: TEXT, payload: 'a', fin: false };
    const rest = { opcode: CONTINUATION, payload: 'b' };
    const begun = frame(half, true).length;
    expect(parts(begun, half, rest)).toEqual(['text part 61', 'tail 62']);
    expect(parts(1, half, { opcode: PING }, rest)).toEqual(['text part 61', 'ping ', 'tail 62']);
    expect(parts(7, { opcode: BINARY, payload: 'ab' }, half, rest)).toEqual([
      'bytes part 61',
      'tail 62',
      'text part 61',
      'tail 62',
    ]);
  });

  test('is a whole one when none was taken, and nothing is taken before earlier events', () => {
    const connection = connect();
    const frames = [
      { opcode: TEXT, payload: 'a' },
      { opcode: TEXT, payload: 'b', fin: false },
    ];
    connection.receive(Buffer.concat(frames.map((each) => frame(each, true))));
    expect(connection.partBytes).toBe(0);
    expect(connection.takePart()).toBeUndefined();
    expect(drain(connection)).toEqual(['text a']);
    expect(connection.partBytes).toBe(1);
    connection.receive(frame({ opcode: CONTINUATION, payload: 'c' }, true));
    expect(drain(connection)).toEqual(['text bc']);
  });

  test('is checked to be UTF-8 over its parts, and limited in all of them', () => {
    const euro = Buffer.from('\u20ac');
    const begin = { opcode: TEXT, payload: euro.subarray(0, 1), fin: false };
    const middle = { opcode: CONTINUATION, payload: euro.subarray(1, 2), fin: false };
    const end = { opcode: CONTINUATION, payload: euro.subarray(2) };
    expect(parts(7, begin, middle, end)).toEqual(['text part e2', 'text part 82', 'tail ac']);
    expect(parts(7, begin, { ...end, payload: 'x' })).toEqual(['text part e2', 'failure 1007']);
    const connection = connect('server', { messageBytes: 2 });
    for (const each of [begin, middle, end]) {
      connection.receive(frame(each, true));
      connection.takePart();
    }
    expect(drain(connection)).toEqual(['failure 1009']);
  });
});
