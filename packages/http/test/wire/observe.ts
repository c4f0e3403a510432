/**
 * The events of a sans-IO connection for given bytes, as lines of text.
 *
 * The bytes go in in pieces of any size; the lines that come out must not depend on where they were cut. So data that
 * came in several events is one line, and everything that a program could see of a message is in some line: the start
 * line, what the connection decided, every field, every trailer, the refusal with its status and code.
 */

import { HttpConnection } from '../../src/protocol/connection.ts';
import { RemoteProtocolError } from '../../src/protocol/vocabulary/errors.ts';
import {
  NEED_DATA,
  PAUSED,
  type ConnectionEvent,
  type RequestHead,
} from '../../src/protocol/vocabulary/events.ts';
import type { Headers } from '../../src/protocol/vocabulary/headers.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../../src/protocol/vocabulary/limits.ts';

export interface ObserveOptions {
  readonly limits?: Partial<ProtocolLimits> | undefined;
  /** Whether the peer finishes after the last byte. */
  readonly eof?: boolean | undefined;
  /** As a client: the method of the request that is answered; `null` for none, with unsolicited bytes. */
  readonly method?: string | null | undefined;
  /** As a client: whether the request asks to go on in another protocol. */
  readonly upgrade?: boolean | undefined;
  /** As a server: the status that every request is answered with. @default 200 */
  readonly answer?: number | ((head: RequestHead) => number) | undefined;
  /** Whether the connection releases its buffers whenever there is no more to take, wherever that is. */
  readonly releases?: boolean | undefined;
  /** Called after each `receive` that was tried, with how many bytes it took. */
  readonly onReceive?: ((connection: HttpConnection, taken: number) => void) | undefined;
  /** Called with each event as it was taken. */
  readonly onEvent?: ((event: ConnectionEvent) => void) | undefined;
}

export interface Observed {
  readonly lines: readonly string[];
  /** The same, with the header fields and trailers. */
  readonly details: readonly string[];
  /** Bytes that the connection left to its user: another protocol's, or the next cycle's. */
  readonly left: string;
}

export const latin1 = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** One piece for the whole text. */
export const whole = (text: string): Uint8Array[] => [latin1(text)];

/** One piece for every byte. */
export const byteByByte = (text: string): Uint8Array[] =>
  [...latin1(text)].map((byte) => Uint8Array.of(byte));

/** Pieces that begin at the given places. */
export function cutAt(text: string, places: readonly number[]): Uint8Array[] {
  const bytes = latin1(text);
  const ends = [...places, bytes.length];
  return ends.map((end, index) => bytes.subarray(ends[index - 1] ?? 0, end));
}

/** Feeds pieces to a server's connection that answers every request at once, with an empty body. */
export function observeServer(
  pieces: readonly Uint8Array[],
  options: ObserveOptions = {},
): Observed {
  return observe('server', pieces, options);
}

/** Feeds pieces to a client's connection that has sent one request. */
export function observeClient(
  pieces: readonly Uint8Array[],
  options: ObserveOptions = {},
): Observed {
  return observe('client', pieces, options);
}

function observe(
  role: 'server' | 'client',
  pieces: readonly Uint8Array[],
  options: ObserveOptions,
): Observed {
  const connection = new HttpConnection(role, { ...DEFAULT_LIMITS, ...options.limits });
  const notes = new Notes();
  if (role === 'client') sendRequest(connection, options);
  let left = '';
  for (const piece of pieces) {
    // The bytes are borrowed: a connection that kept them would see them change.
    const borrowed = Uint8Array.from(piece);
    let rest = borrowed;
    for (;;) {
      const taken = left === '' ? connection.receive(rest) : 0;
      options.onReceive?.(connection, taken);
      const isMoved = drain(connection, role, notes, options);
      if (options.releases === true) connection.releaseBuffers();
      rest = rest.subarray(taken);
      if (rest.length === 0 || (taken === 0 && !isMoved)) break;
    }
    left += Buffer.from(rest).toString('latin1');
    borrowed.fill(0x21);
  }
  if (options.eof === true) {
    connection.receiveEnd();
    drain(connection, role, notes, options);
  }
  notes.finish();
  return { lines: notes.lines, details: notes.details, left };
}

function sendRequest(connection: HttpConnection, options: ObserveOptions): void {
  if (options.method === null) return;
  const fields = options.upgrade === true ? ['Connection', 'upgrade', 'Upgrade', 'echo'] : [];
  const method = options.method ?? 'GET';
  const target = method === 'CONNECT' ? 'a:80' : '/';
  connection.sendRequest({ method, target, fields, hasBody: false, length: undefined });
  connection.sendEnd();
}

/** Takes every event that is at hand, and answers; whether anything came. */
function drain(
  connection: HttpConnection,
  role: 'server' | 'client',
  notes: Notes,
  options: ObserveOptions,
): boolean {
  let isMoved = false;
  for (;;) {
    let event;
    try {
      event = connection.nextEvent();
    } catch (error) {
      if (!(error instanceof RemoteProtocolError)) throw error;
      notes.refusal(error);
      return isMoved;
    }
    if (event === NEED_DATA) return isMoved;
    if (event === PAUSED) {
      if (role === 'client' || !answer(connection, statusFor(notes.request, options))) {
        return isMoved;
      }
    } else {
      notes.event(event);
      options.onEvent?.(event);
    }
    isMoved = true;
  }
}

function statusFor(request: RequestHead | undefined, { answer: status }: ObserveOptions): number {
  if (typeof status === 'function') return status(request as RequestHead);
  return status ?? 200;
}

/** Answers the request that is complete; whether another may follow. */
function answer(connection: HttpConnection, status: number): boolean {
  if (connection.serverState !== 'SEND_RESPONSE') return false;
  const fields = status === 101 ? ['Upgrade', 'test'] : [];
  connection.sendResponse({ status, fields, length: 0, date: '' });
  if (connection.isSwitched) return false;
  connection.sendEnd();
  if (!connection.isCycleDone) return false;
  connection.startNextCycle();
  return true;
}

class Notes {
  readonly lines: string[] = [];
  readonly details: string[] = [];
  /** The last request. */
  request: RequestHead | undefined;
  #data = '';

  event(event: ConnectionEvent): void {
    if (event.type === 'data') {
      this.#data += Buffer.from(event.bytes).toString('latin1');
      return;
    }
    this.#flush();
    switch (event.type) {
      case 'request': {
        this.request = event;
        const version = event.httpVersion === '1.1' ? '' : ' (1.0)';
        this.#add(`${event.method} ${event.target}${version}${flagsOf(event)}`, event.headers);
        break;
      }
      case 'informational':
      case 'response': {
        const reason = event.reason === '' ? '' : ` ${event.reason}`;
        const version = event.httpVersion === '1.1' ? '' : ' (1.0)';
        this.#add(`${event.status}${reason}${version}${flagsOf(event)}`, event.headers);
        break;
      }
      case 'end':
        this.#add('end', event.trailers);
        break;
      case 'closed':
        this.#add('closed', undefined);
        break;
    }
  }

  refusal(error: RemoteProtocolError): void {
    this.#flush();
    const line = `refused ${error.statusHint} ${error.code}`;
    // A connection that has failed throws the same error each time.
    if (this.lines.at(-1) !== line) this.#add(line, undefined);
  }

  /** Writes down data whose message goes on. */
  finish(): void {
    this.#flush();
  }

  #flush(): void {
    if (this.#data !== '') this.#add(`data ${JSON.stringify(this.#data)}`, undefined);
    this.#data = '';
  }

  #add(line: string, fields: Headers | undefined): void {
    this.lines.push(line);
    this.details.push(line);
    for (const [name, value] of fields ?? []) {
      this.details.push(`  ${name}: ${value}`);
      if (line === 'end') this.lines.push(`  ${name}: ${value}`);
    }
  }
}

/** What a head says of the connection, and of its body. */
function flagsOf(head: {
  readonly type: string;
  readonly contentLength: number | undefined;
  readonly keepAlive: boolean;
  readonly upgrade: boolean;
  readonly expectsContinue?: boolean;
}): string {
  let flags = '';
  if (head.contentLength === undefined) flags += ' unknown-length';
  else if (head.contentLength > 0) flags += ` length=${head.contentLength}`;
  if (head.expectsContinue === true) flags += ' expects-continue';
  if (head.upgrade) flags += ' upgrade';
  if (!head.keepAlive && head.type !== 'informational') flags += ' close';
  return flags;
}
