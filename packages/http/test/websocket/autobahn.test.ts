import { describe, expect, test } from '@jest/globals';
import { WebSocketConnection, type Role } from '../../src/websocket/protocol/connection.ts';
import { DEFAULT_PROTOCOL_LIMITS } from '../../src/websocket/protocol/limits.ts';
import { AUTOBAHN_CASES } from './autobahn-cases.ts';
import { frame, show, TEXT } from './frames.ts';

/** Passes bytes in, and takes the events as they come; what is not taken is passed again, as a stream does. */
function eventsOf(role: Role, wire: Uint8Array, pieces: number): string[] {
  const connection = new WebSocketConnection(role, DEFAULT_PROTOCOL_LIMITS, () => 0);
  const events: string[] = [];
  for (let at = 0; at < wire.length;) {
    at += connection.receive(wire.subarray(at, at + pieces));
    for (let event = connection.nextEvent(); event !== undefined; event = connection.nextEvent()) {
      events.push(show(event));
    }
  }
  return events;
}

describe.each(['server', 'client'] as const)('what a %s makes of', (role) => {
  const isMasked = role === 'server';

  test.each(AUTOBAHN_CASES)('$id: $what', ({ frames, events }) => {
    const wire = Buffer.concat(frames.map((each) => frame(each, isMasked)));
    const trailing = frame({ opcode: TEXT, payload: 'trailing' }, isMasked);
    expect(eventsOf(role, wire, wire.length)).toEqual(events);
    expect(eventsOf(role, wire, 997)).toEqual(events);
    // The long ones byte by byte take seconds, and show no more than their heads and ends do.
    expect(eventsOf(role, wire, wire.length < 10_000 ? 1 : 101)).toEqual(events);
    const isOver = /^(?:close|failure)/.test(events.at(-1) ?? '');
    const isOpen = frames.at(-1)?.fin === false && !isOver;
    expect(isOpen).toBe(false);
    const more = Buffer.concat([wire, trailing]);
    expect(eventsOf(role, more, more.length)).toEqual(
      isOver ? events : [...events, 'text trailing'],
    );
  });
});

describe('a wrong message', () => {
  test('is refused at its first wrong byte, before the rest of its frame has come (6.4.3)', () => {
    const wire = frame(
      { opcode: TEXT, payload: Buffer.from('61626364f4908080' + '65'.repeat(50), 'hex') },
      true,
    );
    // Head, mask, four letters, and the byte after 0xf4.
    const until = 2 + 4 + 4 + 2;
    expect(eventsOf('server', wire.subarray(0, until - 1), 1)).toEqual([]);
    expect(eventsOf('server', wire.subarray(0, until), 1)).toEqual(['failure 1007']);
  });

  test('is refused at its head, before any payload', () => {
    for (const [first, second] of [
      [0x83, 0x85],
      [0xc1, 0x85],
      [0x09, 0x80],
      [0x89, 0xfe],
      [0x81, 0x05],
    ] as const) {
      expect(eventsOf('server', Uint8Array.of(first, second), 1)).toEqual(['failure 1002']);
    }
    expect(eventsOf('client', Uint8Array.of(0x81, 0x85), 1)).toEqual(['failure 1002']);
  });
});
