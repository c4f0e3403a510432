/** Random conversations, cut at random places, against a reference that knows only what was put in. */
import { describe, expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import { seededRandom } from '@awaitio/core';
import { WebSocketConnection, type Role } from '../../src/websocket/protocol/connection.ts';
import type { WebSocketEvent } from '../../src/websocket/protocol/events.ts';
import { DEFAULT_PROTOCOL_LIMITS } from '../../src/websocket/protocol/limits.ts';
import { bytesOf, frame, PING, TEXT, BINARY, CONTINUATION, type FrameSpec } from './frames.ts';

type Step =
  | {
      readonly kind: 'text';
      readonly text: string;
      readonly cuts: readonly number[];
      readonly ping: boolean;
    }
  | {
      readonly kind: 'bytes';
      readonly bytes: Uint8Array;
      readonly cuts: readonly number[];
      readonly ping: boolean;
    };

const cuts = fc.array(fc.nat({ max: 300 }), { maxLength: 4 });
const steps: fc.Arbitrary<Step[]> = fc.array(
  fc.oneof(
    fc.record({
      kind: fc.constant('text' as const),
      text: fc.string({ unit: 'grapheme', maxLength: 60 }),
      cuts,
      ping: fc.boolean(),
    }),
    fc.record({
      kind: fc.constant('bytes' as const),
      bytes: fc.uint8Array({ maxLength: 200, size: 'medium' }),
      cuts,
      ping: fc.boolean(),
    }),
  ),
  { minLength: 1, maxLength: 6 },
);

/** The frames of a step: a message in fragments, cut anywhere, also within a character. */
function framesOf(step: Step): FrameSpec[] {
  const data = bytesOf(step.kind === 'text' ? step.text : step.bytes);
  const places = [...new Set(step.cuts.map((cut) => cut % (data.length + 1)))].toSorted(
    (a, b) => a - b,
  );
  const edges = [0, ...places, data.length];
  const frames: FrameSpec[] = [];
  for (let index = 0; index + 1 < edges.length; index += 1) {
    if (step.ping) frames.push({ opcode: PING, payload: String(index) });
    const opcode = step.kind === 'text' ? TEXT : BINARY;
    frames.push({
      opcode: index === 0 ? opcode : CONTINUATION,
      payload: data.subarray(edges[index], edges[index + 1]),
      fin: index + 2 === edges.length,
    });
  }
  return frames;
}

const messagesOf = (events: readonly WebSocketEvent[]): unknown[] =>
  events.flatMap((event) => (event.type === 'message' ? [event.data] : []));

interface Subject {
  readonly make: (role: Role) => Pick<WebSocketConnection, 'receive' | 'nextEvent'>;
}
const real: Subject = {
  make: (role) => new WebSocketConnection(role, DEFAULT_PROTOCOL_LIMITS, () => 0),
};

/** Every message arrives once, whole and in order, however it is cut. */
function property(subject: Subject): fc.IProperty<[Step[], number, boolean]> {
  return fc.property(steps, fc.nat(), fc.boolean(), (conversation, seed, isServer) => {
    const random = seededRandom(seed);
    const wire = Buffer.concat(conversation.flatMap(framesOf).map((each) => frame(each, isServer)));
    const connection = subject.make(isServer ? 'server' : 'client');
    const events: WebSocketEvent[] = [];
    for (let at = 0; at < wire.length;) {
      at += connection.receive(wire.subarray(at, at + random.integer(1, 40)));
      for (let next = connection.nextEvent(); next !== undefined; next = connection.nextEvent()) {
        events.push(next);
      }
    }
    const expected = conversation.map((step) =>
      step.kind === 'text' ? Buffer.from(step.text).toString() : step.bytes,
    );
    expect(messagesOf(events)).toEqual(expected);
    const pings = conversation.flatMap(framesOf).filter(({ opcode }) => opcode === PING).length;
    expect(events.filter(({ type }) => type === 'ping')).toHaveLength(pings);
    expect(events).toHaveLength(expected.length + pings);
  });
}

describe('a conversation', () => {
  test('gives every message once, whole and in order, however it is cut', () => {
    fc.assert(property(real), { numRuns: 500 });
  });

  /** Wraps the real one with a fault. */
  const faulty = (
    change: (event: WebSocketEvent, count: number) => WebSocketEvent | undefined,
  ): Subject => ({
    make: (role) => {
      const connection = real.make(role);
      let count = 0;
      return {
        receive: (bytes) => connection.receive(bytes),
        nextEvent: () => {
          for (;;) {
            const event = connection.nextEvent();
            if (event === undefined) return undefined;
            count += 1;
            const changed = change(event, count);
            if (changed !== undefined) return changed;
          }
        },
      };
    },
  });

  test.each([
    ['loses every third event', faulty((event, count) => (count % 3 === 0 ? undefined : event))],
    [
      'drops the last character of long text',
      faulty((event) =>
        event.type === 'message' && event.data.length > 12
          ? { type: 'message', data: event.data.slice(0, -1) }
          : event,
      ),
    ],
    [
      'takes a byte too many of a long piece',
      {
        make: (role: Role) => {
          const connection = real.make(role);
          return {
            nextEvent: () => connection.nextEvent(),
            receive: (bytes: Uint8Array) => {
              const taken = connection.receive(bytes);
              return bytes.length > 35 ? taken + 1 : taken;
            },
          };
        },
      },
    ],
    [
      'masks with a wrong phase after a cut',
      {
        make: (role: Role) => {
          const connection = real.make(role);
          let pieces = 0;
          return {
            nextEvent: () => connection.nextEvent(),
            receive: (bytes: Uint8Array) => {
              pieces += 1;
              const copy = Uint8Array.from(bytes);
              if (pieces % 5 === 0 && copy.length > 20) copy.fill(0xff, 19, 20);
              return connection.receive(copy);
            },
          };
        },
      },
    ],
  ])('notices a codec that %s', (_what, subject) => {
    expect(() => {
      fc.assert(property(subject), { numRuns: 500, endOnFailure: true });
    }).toThrow(/Property failed/);
  });
});

test('no bytes whatever make it throw, or say two faults', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 200 }), fc.boolean(), (bytes, isServer) => {
      const connection = real.make(isServer ? 'server' : 'client');
      const events: WebSocketEvent[] = [];
      for (let at = 0; at < bytes.length;) {
        at += connection.receive(bytes.subarray(at));
        for (let next = connection.nextEvent(); next !== undefined; next = connection.nextEvent()) {
          events.push(next);
        }
      }
      const over = events.findIndex(({ type }) => type === 'failure' || type === 'close');
      expect(over === -1 || over === events.length - 1).toBe(true);
    }),
    { numRuns: 2_000 },
  );
});
