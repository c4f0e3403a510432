/**
 * The WebSocket codec, for fuzzing, with and without compression.
 *
 * What must hold: the events are those that a second reader finds; they are the same however the bytes are cut, and whether messages
 * are taken whole or in parts; every byte is taken as long as events are; and nothing but faults of the peer is ever reported.
 */
import { seededRandom, type Random } from '@awaitio/core';
import { codingOf } from '../../src/websocket/compression/compression.ts';
import { DEFAULT_COMPRESSION } from '../../src/websocket/compression/compression-options.ts';
import { WebSocketConnection } from '../../src/websocket/protocol/connection.ts';
import type { WebSocketEvent } from '../../src/websocket/protocol/events.ts';
import {
  DEFAULT_PROTOCOL_LIMITS,
  type WebSocketProtocolLimits,
} from '../../src/websocket/protocol/limits.ts';
import type { Target, Verdict } from './target.ts';
import { CONVERSATION, DICTIONARY } from './websocket-grammar.ts';
import { referenceEvents, type Conversation } from './websocket-reference.ts';

/** Small, so that small texts exceed them. How many control frames are in a row depends on how they are cut. */
const LIMITS: WebSocketProtocolLimits = {
  ...DEFAULT_PROTOCOL_LIMITS,
  frameBytes: 300,
  messageBytes: 5_000,
  inflatedBytes: 4_000,
  compressionRatio: 3,
  fragments: 4,
  controlFrames: 1_000,
  readAheadMessages: 2,
};

/** What is judged. */
export type Subject = Pick<
  WebSocketConnection,
  'receive' | 'receiveEnd' | 'nextEvent' | 'takePart' | 'free'
>;
export type MakeSubject = (conversation: Conversation) => Subject;

/** What compresses the messages of a conversation, if anything does. */
export function codingOfConversation({
  isServer,
  deflate,
  limits,
}: Conversation): ReturnType<typeof codingOf> | undefined {
  if (deflate === undefined) return undefined;
  const isForgotten = !deflate.hasTakeover;
  const terms = {
    serverNoContextTakeover: isForgotten,
    clientNoContextTakeover: isForgotten,
    serverMaxWindowBits: 15,
    clientMaxWindowBits: 15,
  };
  return codingOf(isServer ? 'server' : 'client', terms, DEFAULT_COMPRESSION, limits);
}

export const makeConnection: MakeSubject = (conversation) => {
  const role = conversation.isServer ? 'server' : 'client';
  const coding = codingOfConversation(conversation);
  return new WebSocketConnection(role, conversation.limits, () => 0, coding);
};

/** @param make - What is judged, for a test of the judge. */
export const websocketTarget = (make: MakeSubject = makeConnection): Target => ({
  name: 'websocket',
  weight: 5,
  dictionary: DICTIONARY,
  generate: CONVERSATION,
  judge: (text, random, isClose) => judge(make, text, random, isClose),
});

function judge(make: MakeSubject, text: string, random: Random, isClose: boolean): Verdict {
  const [side = '', mode = ''] = text;
  const deflate = mode === 't' || mode === 'n' ? { hasTakeover: mode === 't' } : undefined;
  const conversation: Conversation = { isServer: side !== 'c', deflate, limits: LIMITS };
  const wire = Buffer.from(text.slice(2), 'latin1');
  const expected = referenceEvents(conversation, wire);
  const steps = expected.map((event, at) => {
    const kinds = [expected[at - 1] ?? 'begin', event].map((each) => kindOf(each));
    return `${side}${mode} ${kinds.join(' > ')}`;
  });
  const seed = random.integer(1, 1_000_000);
  const cuts = [
    () => wire.length,
    ...(isClose ? [() => 1] : []),
    cutter(seed, 5),
    cutter(seed, 60),
  ];
  for (const [index, cut] of cuts.entries()) {
    const pieces = index === 0 ? 'in one piece' : 'in several';
    let found: string[];
    try {
      found = eventsOf(make(conversation), wire, cut, index === cuts.length - 1);
    } catch (error) {
      return { complaint: `it threw: ${(error as Error).stack ?? String(error)}`, steps };
    }
    for (let at = 0; at < Math.max(found.length, expected.length); at += 1) {
      const [one, other] = [expected[at] ?? 'nothing', found[at] ?? 'nothing'];
      if (one === other || areAlike(one, other, deflate !== undefined)) continue;
      return { complaint: `${pieces} it read ${shown(other)}, the reference ${shown(one)}`, steps };
    }
  }
  return { complaint: undefined, steps };
}

/** Of two faults of one compressed message, such as a wrong byte and too many of them, either may be found first. */
function areAlike(one: string, other: string, isDeflate: boolean): boolean {
  const isOfData = /^failure 100[79]$/;
  return isDeflate && isOfData.test(one) && isOfData.test(other);
}

const cutter = (seed: number, most: number): (() => number) => {
  const random = seededRandom(seed);
  return () => random.integer(1, most);
};
const kindOf = (event: string): string =>
  event.startsWith('failure') || event.startsWith('close') || event.startsWith('end')
    ? event.slice(0, 12)
    : `${event.split(' ')[0]} ${Math.min(3, Math.ceil(event.length / 200))}`;
const shown = (event: string): string =>
  event.length <= 60 ? `"${event}"` : `"${event.slice(0, 60)}..." (${event.length})`;

function eventsOf(
  subject: Subject,
  wire: Buffer,
  cut: () => number,
  takesParts: boolean,
): string[] {
  const events: string[] = [];
  let parts: { readonly isText: boolean; readonly data: Uint8Array }[] = [];
  const drain = (): void => {
    for (let event = subject.nextEvent(); event !== undefined; event = subject.nextEvent()) {
      if (event.type === 'tail') {
        const kind = parts.at(0)?.isText === true ? 'text' : 'binary';
        const data = Buffer.concat([...parts.map((part) => part.data), event.data]);
        events.push(`${kind} ${data.toString('hex')}`);
        parts = [];
      } else {
        events.push(lineOf(event));
      }
    }
    const part = takesParts ? subject.takePart() : undefined;
    if (part !== undefined) parts.push(part);
  };
  try {
    for (let at = 0; at < wire.length;) {
      const taken = subject.receive(wire.subarray(at, at + cut()));
      const before = events.length;
      drain();
      if (taken === 0 && events.length === before) throw new Error('it takes no more bytes');
      at += taken;
    }
    subject.receiveEnd();
    drain();
  } finally {
    subject.free();
  }
  return events;
}

function lineOf(event: WebSocketEvent): string {
  const hex = (data: Uint8Array): string => Buffer.from(data).toString('hex');
  switch (event.type) {
    case 'message': {
      const { data } = event;
      return typeof data === 'string' ? `text ${hex(Buffer.from(data))}` : `binary ${hex(data)}`;
    }
    case 'ping':
    case 'pong':
      return `${event.type} ${hex(event.data)}`;
    case 'close':
      return `close ${event.code} ${event.reason}`;
    case 'end':
      return event.isClean ? 'end clean' : 'end early';
    case 'tail':
      return `tail ${hex(event.data)}`;
    case 'failure':
      return `failure ${event.error.closeCode}`;
  }
}
