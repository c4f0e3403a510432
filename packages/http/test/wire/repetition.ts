/**
 * Requests that say the same again, and all that a server's connection tells of them.
 *
 * A client repeats itself in runs: the same head with one body after another, then another head. So a stream is drawn as
 * runs, from few heads: each is as near to another as it can be without being the same. What ends a connection, or cannot
 * be understood, comes at most once; what follows it must not be heard.
 */

import fc from 'fast-check';
import { HttpConnection } from '../../src/protocol/connection.ts';
import { RemoteProtocolError } from '../../src/protocol/vocabulary/errors.ts';
import {
  NEED_DATA,
  type ConnectionEvent,
  type RequestHead,
} from '../../src/protocol/vocabulary/events.ts';
import type { Headers } from '../../src/protocol/vocabulary/headers.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../../src/protocol/vocabulary/limits.ts';
import { RepeatedHead } from '../../src/protocol/receiving/repeated-head.ts';
import { binary, chunkedBody, cuts, placesOf } from './arbitrary.ts';

// --- Requests --------------------------------------------------------------------------------------------------

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
export const post = (length: number, fields = ''): string =>
  `POST / HTTP/1.1\r\nHost: a\r\n${fields}Content-Length: ${length}\r\n\r\n`;
/** A head whose body may be the head itself. */
export const SELF: string = post(post(10).length);
export const CHUNKED = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';

/** A head that says what follows it, and keeps the connection. */
export interface Shape {
  readonly what: string;
  readonly head: string;
  /** The length of the body. */
  readonly length: number;
}

const shape = (what: string, head: string, length: number): Shape => ({ what, head, length });
const withLast = (line: string): Shape =>
  shape(
    `whose last line is ${JSON.stringify(line)}`,
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n${line}\r\n\r\n`,
    5,
  );

/** Heads that are worth remembering; the last lines are those whose end the parser tells in different ways. */
export const REPEATABLE: readonly Shape[] = [
  shape('without a body', GET, 0),
  shape('with another letter', GET.replace('a', 'A'), 0),
  shape('with a target of four bytes', 'GET /123 HTTP/1.1\r\nHost: a\r\n\r\n', 0),
  shape('with a target of five bytes', 'GET /1234 HTTP/1.1\r\nHost: a\r\n\r\n', 0),
  shape('of another method', GET.replace('GET', 'HEAD'), 0),
  shape('with a body of length 0', post(0), 0),
  shape('with a body', post(5), 5),
  shape('with a body that is one byte longer', post(6), 6),
  shape('with a body that is as long as a head', post(GET.length), GET.length),
  shape('with a body that is as long as its own head', SELF, SELF.length),
  shape('with a long body', post(1_500), 1_500),
  shape('with a body that hardly fits a small chunk', post(4_040), 4_040),
  shape('that expects 100-continue', post(5, 'Expect: 100-continue\r\n'), 5),
  shape(
    'with tabs around its values',
    'POST / HTTP/1.1\r\nHost:\ta\t\r\nContent-Length:\t5\t\r\n\r\n',
    5,
  ),
  shape(
    'of HTTP/1.0 that keeps its connection',
    'POST / HTTP/1.0\r\nContent-Length: 5\r\nConnection: keep-alive\r\n\r\n',
    5,
  ),
  withLast('X:'),
  withLast('X: \t '),
  withLast('X: y \t'),
  withLast('X: \xe9'),
  withLast('Connection:'),
  withLast('Connection: keep-alive \t'),
  withLast('Connection: x,'),
  withLast('Upgrade: \t'),
  withLast('Expect: 100-continue '),
];

/** A head, and what may follow it. */
type Kind = readonly [head: string, body: fc.Arbitrary<string>];

/** Requests after which the connection goes on, and which are the parser's each time. */
const OWN: readonly Kind[] = [
  [CHUNKED, chunkedBody.map(({ bytes }) => bytes)],
  [
    'OPTIONS / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n',
    fc.constant(''),
  ],
  [post(5, 'Connection: upgrade\r\nUpgrade: x\r\n'), fc.constant('hello')],
  [
    'POST / HTTP/1.0\r\nConnection: upgrade, keep-alive\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n',
    fc.constant(''),
  ],
];

/** Requests after which nothing is heard: the last, another protocol's beginning, and those that are refused. */
const ENDINGS: readonly string[] = [
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n',
  `${post(5, 'Connection: close\r\n')}hello`,
  'GET / HTTP/1.0\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\nContent-Length: 0\r\n\r\n',
  'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n',
  'GET / HTTP/1.1\r\n\r\n',
  'GET / HTTP/1.1\r\nHost: a\r\n b\r\n\r\n',
  post(5, 'Expect: more\r\n'),
  post(5, 'Transfer-Encoding: chunked\r\n'),
  `${CHUNKED}x\r\n`,
  `${'\r\n'.repeat(5)}${GET}`,
];

const exactly = (length: number): fc.Arbitrary<string> =>
  fc.oneof(
    fc.constantFrom(GET, SELF, 'a', '\r\n', '\xff').map((text) => fit(text, length)),
    binary(12)
      .filter((text) => text !== '')
      .map((text) => fit(text, length)),
  );
const fit = (text: string, length: number): string =>
  text.repeat(Math.ceil(length / text.length)).slice(0, length);

const blankLines = fc.constantFrom('', '', '', '\r\n', '\r\n'.repeat(4));

const LONG = 1_000;
const short = REPEATABLE.filter(({ length }) => length < LONG);
const long = REPEATABLE.filter(({ length }) => length >= LONG);

const kind = (shapes: readonly Shape[]): fc.Arbitrary<Kind> =>
  fc.constantFrom(...shapes).map(({ head, length }) => [head, exactly(length)]);

/** Heads as long as a given one, and the same but for the method, the case of a letter, or the host. */
const NEAR: readonly ((head: string) => string)[] = [
  (head) => head.replace(/^(?:(...)|....) /, (_start, three) => (three ? 'PUT ' : 'LOCK ')),
  (head) => head.replace('Host:', 'HosT:'),
  (head) => head.replace(/(?<=Host:[ \t])a/, 'b'),
];
const same = (head: string): string => head;

/** The same head some times, or one that is near it in turn, with any bodies, now and then behind empty lines. */
const run: fc.Arbitrary<string[]> = fc
  .tuple(
    fc.oneof(
      { arbitrary: kind(short), weight: 12 },
      { arbitrary: kind(long), weight: 1 },
      { arbitrary: fc.constantFrom(...OWN), weight: 2 },
    ),
    fc.constantFrom(same, same, ...NEAR),
  )
  .chain(([[head, body], near]) =>
    fc.array(
      fc
        .tuple(blankLines, fc.constantFrom(same, near), body)
        .map(([before, to, content]) => before + to(head) + content),
      { minLength: 1, maxLength: 6 },
    ),
  );

const runs: fc.Arbitrary<string[]> = fc
  .array(run, { minLength: 1, maxLength: 4 })
  .map((list) => list.flat());

/** The runs, with what is behind them: nothing, an ending that must be the last to be heard, or part of a request. */
export const stream: fc.Arbitrary<string[]> = fc.oneof(
  runs,
  fc
    .tuple(runs, fc.constantFrom(...ENDINGS), runs)
    .map(([before, ending, after]) => [...before, ending, ...after]),
  fc
    .tuple(runs, fc.double({ min: 0, max: 1, noNaN: true }))
    .map(([list, fraction]) => [
      ...list.slice(0, -1),
      (list.at(-1) as string).slice(0, Math.floor(fraction * (list.at(-1) as string).length)),
    ]),
);

/** Limits that some of the heads reach, and some just not. */
export const someLimits: fc.Arbitrary<Partial<ProtocolLimits>> = fc.oneof(
  { arbitrary: fc.constant({}), weight: 6 },
  {
    arbitrary: fc
      .tuple(fc.constantFrom(...REPEATABLE), fc.nat(1))
      .map(([{ head }, less]) => ({ headerBytes: head.length - less })),
    weight: 1,
  },
  {
    arbitrary: fc.constantFrom<Partial<ProtocolLimits>>(
      { targetBytes: 4 },
      { headerCount: 2 },
      { bodyBytes: 5 },
      { leadingBytes: 2 },
    ),
    weight: 1,
  },
  {
    arbitrary: fc.constantFrom<Partial<ProtocolLimits>>(
      { readAheadMessages: 1 },
      { readAheadMessages: 2 },
      { readAheadBytes: 70 },
    ),
    weight: 2,
  },
);

// --- Cuts ------------------------------------------------------------------------------------------------------

/** Where a stream of messages is cut, as places in it. */
export type Cutting = (messages: readonly string[]) => number[];

const ends: Cutting = (messages) => {
  let at = 0;
  return messages.map(({ length }) => {
    at += length;
    return at;
  });
};
const headEnds: Cutting = (messages) => {
  const starts = [0, ...ends(messages)];
  return messages.map((text, index) => (starts[index] ?? 0) + headLength(text));
};
/** Of a whole message, with the empty lines before it. */
const headLength = (text: string): number => {
  const blank = /^[\r\n]*/.exec(text)?.[0].length ?? 0;
  const end = text.indexOf('\r\n\r\n', blank);
  return end === -1 ? text.length : end + 4;
};

/** Each piece costs a comparison of how the connection stands. */
const MOST_CUTS = 500;

/** All at once, a message at a time or some, heads apart from bodies, byte by byte, and anywhere. */
export const cutting: fc.Arbitrary<Cutting> = fc.oneof(
  fc.constantFrom<Cutting>(
    () => [],
    ends,
    headEnds,
    (messages) => Array.from(messages.join('').slice(0, MOST_CUTS), (_character, at) => at),
  ),
  fc.integer({ min: 2, max: 4 }).map<Cutting>((some) => {
    return (messages) => ends(messages).filter((_end, index) => index % some === 0);
  }),
  cuts.map<Cutting>((fractions) => (messages) => placesOf(fractions, messages.join('').length)),
);

// --- What a connection tells -----------------------------------------------------------------------------------

/** What was told, in order: an event, a refusal, or how the connection stood after it had been given bytes. */
export type Told = Readonly<Record<string, unknown>>;

export interface Conversation {
  readonly told: readonly Told[];
  /** The heads as they were handed out. */
  readonly heads: readonly RequestHead[];
  /** Whether another request can be heard. */
  readonly goesOn: boolean;
  /** Bytes that the connection left to another protocol. */
  readonly left: string;
  /** How many heads were not parsed. */
  readonly repeats: number;
}

/** Gives pieces to a server's connection that answers every request at once, and then, unless told not to, the end. */
export const converse = (
  pieces: readonly Uint8Array[],
  limits: Partial<ProtocolLimits> = {},
  { hasEnd = true }: { readonly hasEnd?: boolean } = {},
): Conversation => countingRepeats(() => talk(pieces, limits, hasEnd));

function talk(
  pieces: readonly Uint8Array[],
  limits: Partial<ProtocolLimits>,
  hasEnd: boolean,
): Omit<Conversation, 'repeats'> {
  const connection = new HttpConnection('server', { ...DEFAULT_LIMITS, ...limits });
  const told: Told[] = [];
  const heads: RequestHead[] = [];
  let left = '';
  for (const piece of pieces) {
    // The bytes are borrowed: a connection that kept them would see them change.
    const borrowed = Uint8Array.from(piece);
    let rest = borrowed;
    do {
      const taken = connection.receive(rest);
      const { hasEvent, isInHead, isIdle } = connection;
      told.push({ taken, hasEvent, isInHead, isIdle });
      const isMoved = listen(connection, told, heads);
      rest = rest.subarray(taken);
      if (taken === 0 && !isMoved) break;
    } while (rest.length > 0);
    left += Buffer.from(rest).toString('latin1');
    borrowed.fill(0x21);
  }
  const goesOn = connection.clientState === 'IDLE';
  if (hasEnd) {
    connection.receiveEnd();
    listen(connection, told, heads);
  }
  return { told, heads, goesOn, left };
}

/** Takes the events that are at hand, and answers; whether there were any. */
function listen(connection: HttpConnection, told: Told[], heads: RequestHead[]): boolean {
  let isMoved = false;
  for (;;) {
    let event;
    try {
      event = connection.nextEvent();
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      const { code, statusHint, message } = error;
      // A connection that has failed says so every time it is asked.
      if (told.every((entry) => !('code' in entry))) told.push({ code, statusHint, message });
      return isMoved;
    }
    if (typeof event !== 'symbol') {
      told.push(valueOf(event));
      if (event.type === 'request') heads.push(event);
    } else if (event === NEED_DATA || !answer(connection, heads.at(-1))) return isMoved;
    isMoved = true;
  }
}

/** Answers a request that is complete, and goes on in HTTP where it can; GET gets the protocol that it asks for. */
function answer(connection: HttpConnection, head: RequestHead | undefined): boolean {
  if (connection.serverState !== 'SEND_RESPONSE') return false;
  const status = head?.upgrade === true && head.method === 'GET' ? 101 : 200;
  connection.sendResponse({ status, fields: [], length: 0, date: '' });
  if (connection.isSwitched) return false;
  connection.sendEnd();
  if (!connection.isCycleDone) return false;
  connection.startNextCycle();
  return true;
}

const fieldsOf = (fields: Headers | undefined): unknown => fields && [...fields];

/** All that a program can see of an event. */
function valueOf(event: ConnectionEvent): Told {
  const { type } = event;
  if (type === 'request') {
    const { method, target, httpVersion, headers, contentLength } = event;
    const { keepAlive, expectsContinue, upgrade } = event;
    const line = { type, method, target, httpVersion, headers: fieldsOf(headers) };
    return { ...line, contentLength, keepAlive, expectsContinue, upgrade };
  }
  if (type === 'data') {
    return { data: Buffer.from(event.bytes).toString('latin1'), length: event.length };
  }
  return type === 'end' ? { type, trailers: fieldsOf(event.trailers) } : { type };
}

/** What was told of messages, wherever the bytes were cut: data that came in several pieces is one. */
export function meaning(told: readonly Told[]): Told[] {
  const list: Told[] = [];
  for (const entry of told) {
    if ('taken' in entry) continue;
    const last = list.at(-1);
    if (entry['data'] !== undefined && last?.['data'] !== undefined) {
      list[list.length - 1] = {
        data: `${last['data'] as string}${entry['data'] as string}`,
        length: (last['length'] as number) + (entry['length'] as number),
      };
    } else list.push(entry);
  }
  return list;
}

/** Runs `body`, and counts the heads in it that were recognized: those were not parsed. */
export function countingRepeats<T>(body: () => T): T & { readonly repeats: number } {
  const find = Object.getOwnPropertyDescriptor(RepeatedHead.prototype, 'find')
    ?.value as RepeatedHead['find'];
  let repeats = 0;
  RepeatedHead.prototype.find = function counted(text, at) {
    const head = find.call(this, text, at);
    if (head !== undefined) repeats += 1;
    return head;
  };
  try {
    return { ...body(), repeats };
  } finally {
    RepeatedHead.prototype.find = find;
  }
}
