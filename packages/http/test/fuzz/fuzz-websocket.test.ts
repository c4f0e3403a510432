import { describe, expect, test } from '@jest/globals';
import { WebSocketConnection } from '../../src/websocket/protocol/connection.ts';
import type { WebSocketEvent } from '../../src/websocket/protocol/events.ts';
import type { MessageDecoder } from '../../src/websocket/protocol/message-coding.ts';
import { fuzz } from './fuzz.ts';
import {
  codingOfConversation,
  makeConnection,
  websocketTarget,
  type MakeSubject,
} from './websocket-target.ts';

describe('fuzzing the WebSocket codec', () => {
  test('finds nothing', () => {
    const report = fuzz({ seed: 20_261_130, targets: [websocketTarget()], iterations: 1_500 });
    expect(report.failure).toBeUndefined();
    expect(report.texts).toBe(1_500);
  });

  test('goes through the same texts for the same seed', () => {
    const run = (seed: number): unknown =>
      fuzz({ seed, targets: [websocketTarget()], iterations: 50 });
    expect(run(7)).toEqual(run(7));
    expect(run(7)).not.toEqual(run(8));
  });

  test('meets every kind of event and of end, with and without compression', () => {
    const steps = new Set<string>();
    const target = websocketTarget();
    const watched = {
      ...target,
      judge: (...args: Parameters<typeof target.judge>) => {
        const verdict = target.judge(...args);
        for (const step of verdict.steps) steps.add(step);
        return verdict;
      },
    };
    fuzz({ seed: 1, targets: [watched], iterations: 3_000 });
    const seen = [...steps];
    for (const side of ['sp', 'sn', 'st', 'cp', 'cn', 'ct']) {
      for (const kind of [
        'text',
        'binary',
        'ping',
        'pong',
        'close',
        'end clean',
        'end early',
        'failure 1002',
        'failure 1007',
        'failure 1009',
      ]) {
        const isThere = seen.some((step) => step.startsWith(side) && step.includes(`> ${kind}`));
        expect(`${side} ${kind} ${isThere}`).toBe(`${side} ${kind} true`);
      }
    }
    expect(seen.some((step) => step.endsWith('> failure 1008'))).toBe(true);
  });
});

/** The codec with a bug in what it reports. */
const withEvents =
  (
    bug: (event: WebSocketEvent, before: WebSocketEvent | undefined) => WebSocketEvent | undefined,
  ): MakeSubject =>
  (conversation) => {
    const connection = makeConnection(conversation);
    let before: WebSocketEvent | undefined;
    return {
      receive: (bytes) => connection.receive(bytes),
      receiveEnd: () => {
        connection.receiveEnd();
      },
      takePart: () => connection.takePart(),
      free: () => {
        connection.free();
      },
      nextEvent: () => {
        for (;;) {
          const event = connection.nextEvent();
          if (event === undefined) return undefined;
          const changed = bug(event, before);
          before = event;
          if (changed !== undefined) return changed;
        }
      },
    };
  };

/** The codec with a bug in what it makes of the bytes. */
const withBytes =
  (bug: (bytes: Uint8Array, count: number) => Uint8Array): MakeSubject =>
  (conversation) => {
    const connection = makeConnection(conversation);
    let count = 0;
    return {
      receive: (bytes) => {
        count += 1;
        return connection.receive(bug(Uint8Array.from(bytes), count));
      },
      receiveEnd: () => {
        connection.receiveEnd();
      },
      takePart: () => connection.takePart(),
      free: () => {
        connection.free();
      },
      nextEvent: () => connection.nextEvent(),
    };
  };

/** The codec with a bug in its decompression. */
const withDecoder =
  (bug: (decoder: MessageDecoder) => MessageDecoder): MakeSubject =>
  (conversation) => {
    const role = conversation.isServer ? 'server' : 'client';
    const coding = codingOfConversation(conversation);
    const buggy = coding === undefined ? undefined : { ...coding, decoder: bug(coding.decoder) };
    return new WebSocketConnection(role, conversation.limits, () => 0, buggy);
  };

const bound = (decoder: MessageDecoder): MessageDecoder => ({
  push: decoder.push.bind(decoder),
  end: decoder.end.bind(decoder),
  close: decoder.close.bind(decoder),
});

describe('a planted bug is found, and shown with a small text:', () => {
  test.each<[name: string, bug: MakeSubject, complaint: RegExp, longest: number]>([
    [
      'a ping that is lost after a message',
      withEvents((event, before) =>
        event.type === 'ping' && before?.type === 'message' ? undefined : event,
      ),
      /the reference "ping /,
      40,
    ],
    [
      'a message that is cut',
      withEvents((event) =>
        event.type === 'message' && event.data.length > 4
          ? { ...event, data: event.data.slice(0, -1) }
          : event,
      ),
      /it read "(?:text|binary) /,
      40,
    ],
    [
      'a fault that is not seen',
      withEvents((event) =>
        event.type === 'failure' && event.error.code === 'ERR_WEBSOCKET_LENGTH' ? undefined : event,
      ),
      /the reference "failure 1002"/,
      160,
    ],
    [
      'a reserved bit that is let through on a control frame',
      withBytes((bytes) => bytes.map((byte) => (byte === 0xc9 ? 0x89 : byte))),
      /the reference "/,
      160,
    ],
    [
      'a byte that is lost where the bytes are cut',
      withBytes((bytes, count) => (count === 3 && bytes.length > 3 ? bytes.fill(0, 3, 4) : bytes)),
      /^in several it read/,
      120,
    ],
    [
      'compression that was not agreed on',
      (conversation) => makeConnection({ ...conversation, deflate: { hasTakeover: true } }),
      /the reference "(?:failure 1002|text|binary)/,
      60,
    ],
    [
      'a message that cannot refer to the one before',
      (conversation) =>
        makeConnection({
          ...conversation,
          deflate: conversation.deflate === undefined ? undefined : { hasTakeover: false },
        }),
      /it read "failure 1007"/,
      120,
    ],
    [
      'the end of a compressed message that is left away',
      withDecoder((decoder) => ({ ...bound(decoder), end: () => {} })),
      /the reference "/,
      60,
    ],
    [
      'a bomb that goes off',
      (conversation) =>
        makeConnection({
          ...conversation,
          limits: { ...conversation.limits, inflatedBytes: Infinity, compressionRatio: Infinity },
        }),
      /the reference "failure 1009"/,
      120,
    ],
    [
      'a final block after which nothing more is read',
      withDecoder((decoder) => {
        let hasEnded = false;
        return {
          ...bound(decoder),
          push: (bytes, take) => {
            // As zlib by itself does: it ignores what follows the final block.
            if (!hasEnded) decoder.push(bytes, take);
            hasEnded ||= bytes.at(-1) === 0 && bytes.length > 3;
          },
        };
      }),
      /the reference "/,
      200,
    ],
    [
      'a part that is lost',
      (conversation) => {
        const connection = makeConnection(conversation);
        let count = 0;
        return {
          receive: (bytes) => connection.receive(bytes),
          receiveEnd: () => {
            connection.receiveEnd();
          },
          nextEvent: () => connection.nextEvent(),
          takePart: () => {
            const part = connection.takePart();
            count += part === undefined ? 0 : 1;
            return count === 2 ? undefined : part;
          },
          free: () => {
            connection.free();
          },
        };
      },
      /^in several it read "(?:text|binary) /,
      300,
    ],
    [
      'an error that is not the peer’s',
      withDecoder((decoder) => ({
        ...bound(decoder),
        push: (bytes, take) => {
          if (bytes.length > 5) throw new TypeError('a bug');
          decoder.push(bytes, take);
        },
      })),
      /^it threw: TypeError: a bug/,
      60,
    ],
    [
      'bytes that are not taken',
      (conversation) => {
        const connection = makeConnection(conversation);
        return {
          receive: (bytes) => (bytes.length === 2 ? 0 : connection.receive(bytes)),
          receiveEnd: () => {
            connection.receiveEnd();
          },
          nextEvent: () => connection.nextEvent(),
          takePart: () => connection.takePart(),
          free: () => {
            connection.free();
          },
        };
      },
      /it takes no more bytes/,
      20,
    ],
  ])('%s', (_name, bug, complaint, longest) => {
    const { failure } = fuzz({ seed: 1, targets: [websocketTarget(bug)], iterations: 5_000 });
    expect(failure?.complaint).toMatch(complaint);
    expect(failure?.text.length).toBeLessThan(longest);
  });
});
