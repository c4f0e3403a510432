/**
 * One connection of the polling server: what has come, what still has to go, and how far the two are.
 *
 * In the async server this is the local variables of a function that waits. Here nothing may wait, so all of it has to
 * be kept from one event to the next: the bytes that were not parsed yet, the answer's bytes that found no room, and
 * whether the connection is still talking or only waits for its peer to hang up.
 *
 * Two rules keep it right. Readiness is a hint: when a `try*` call would block, the connection waits for the next event
 * and nothing is lost. And what cannot be sent is not added to: while an answer waits for room nothing is read, so a
 * peer that does not read its answers soon finds that its requests are not read.
 *
 * Read first: `advance`, then what it calls.
 */

import { Interest, WOULD_BLOCK, type TcpStream } from '@awaitio/core';
import {
  HttpConnection,
  NEED_DATA,
  PAUSED,
  errorResponse,
  RemoteProtocolError,
} from '@awaitio/http';
import type { ConnectionEvent, RequestHead } from '@awaitio/http';
import { quote, sayRefused } from '../support/program.ts';

const PREFIX = Buffer.from('echo: ');
const NO_BYTES = new Uint8Array(0);
/** One buffer for all connections: what is read is parsed, or copied, before the next one reads. */
const buffer = new Uint8Array(65_536);

export class PollConnection {
  readonly stream: TcpStream;
  /** The protocol without any waiting: bytes in, events out; what to send in, bytes out. */
  readonly #http = new HttpConnection('server');
  #unsent: Uint8Array[] = [];
  #unparsed: Uint8Array = NO_BYTES;
  #stage: 'talking' | 'hanging up' | 'over' = 'talking';
  /** Set when the server shuts down: the present answer is the last one. */
  isLastAnswer = false;

  constructor(stream: TcpStream) {
    this.stream = stream;
  }

  /** What the next event has to be about. */
  get interest(): Interest {
    return this.#unsent.length > 0 ? Interest.WRITABLE : Interest.READABLE;
  }

  /** Whether there is nothing more to do: the stream is closed, or closing by itself. */
  get isOver(): boolean {
    return this.#stage === 'over';
  }

  /** Whether no request is under way. */
  get isIdle(): boolean {
    return this.#stage === 'talking' && this.#http.isIdle && this.#unsent.length === 0;
  }

  /** Does everything that can be done without waiting. */
  advance(): void {
    try {
      // First what waits to be sent; only then is there room for more.
      if (!this.#send()) return;
      while (this.#step());
      this.#send();
    } catch {
      // A peer that broke the connection, or the rules in the middle of an answer: this connection's end and no other's.
      this.stream.reset();
      this.#stage = 'over';
    }
  }

  /** Ends the connection, whatever it is at. */
  end(): void {
    void this.stream.close();
    this.#stage = 'over';
  }

  /** One step; false when the next one has to wait for an event. */
  #step(): boolean {
    if (this.#stage !== 'talking') return this.#hangUp();
    let event;
    try {
      event = this.#http.nextEvent();
    } catch (error) {
      return this.#refuse(error);
    }
    if (event === NEED_DATA) return this.#receive();
    if (event === PAUSED) return this.#stopTalking();
    return this.#handle(event);
  }

  /** Gives the parser what is there, after everything before it was answered. */
  #receive(): boolean {
    if (!this.#send()) return false;
    let bytes = this.#unparsed;
    this.#unparsed = NO_BYTES;
    if (bytes.length === 0) {
      const count = this.stream.tryRead(buffer);
      // The seed took this for an empty request. It is a false alarm: the next event will tell.
      if (count === WOULD_BLOCK) return false;
      if (count === null) {
        this.#http.receiveEnd();
        return true;
      }
      bytes = buffer.subarray(0, count);
    }
    const taken = this.#http.receive(bytes);
    // The parser reads ahead so far and no further; the rest waits here for its turn.
    if (taken < bytes.length) this.#unparsed = bytes.slice(taken);
    return true;
  }

  #handle(event: ConnectionEvent): boolean {
    switch (event.type) {
      case 'request':
        this.#begin(event);
        return true;
      case 'data':
        this.#echo(event.bytes);
        return true;
      case 'end':
        this.#say(this.#http.sendEnd());
        if (!this.#http.isCycleDone) return this.#stopTalking();
        this.#http.startNextCycle();
        return true;
      // The client has finished. Responses are events of a client's connection, and this is a server's.
      case 'closed':
      case 'response':
      case 'informational':
        return this.#stopTalking();
    }
  }

  #begin(request: RequestHead): void {
    const { method, target, contentLength, headers, expectsContinue } = request;
    console.log(`${String(this.stream.remoteAddress)} request: ${quote(method)} ${quote(target)}`);
    const untyped = contentLength === 0 ? 'text/plain; charset=utf-8' : 'application/octet-stream';
    const type = headers.get('content-type') ?? untyped;
    // A client that asks for `100 Continue` gets it, unless the body has come already.
    if (expectsContinue && contentLength !== 0 && !this.#http.hasEvent) {
      this.#say(this.#http.sendInformational(100, undefined));
    }
    this.#say(
      this.#http.sendResponse({
        status: 200,
        fields: ['Content-Type', type, 'X-Content-Type-Options', 'nosniff'],
        length: contentLength === undefined ? undefined : PREFIX.length + contentLength,
        date: new Date().toUTCString(),
        close: this.isLastAnswer,
      }),
    );
    this.#echo(PREFIX);
  }

  #echo(bytes: Uint8Array): void {
    if (!this.#http.sendsBody) return;
    this.#say(this.#http.sendData(bytes.length));
    this.#unsent.push(bytes);
    this.#say(this.#http.dataEnd);
  }

  /** Answers what cannot be understood, as `serve` does, and listens no more. */
  #refuse(error: unknown): boolean {
    if (!(error instanceof RemoteProtocolError)) throw error;
    const { status, fields, body } = errorResponse(error.statusHint);
    sayRefused(this.stream.remoteAddress, `${error.code}, answered with ${status}`);
    const text = body as string;
    this.#say(
      this.#http.sendResponse({
        status,
        fields,
        length: text.length,
        date: new Date().toUTCString(),
        close: true,
      }) + text,
    );
    return this.#stopTalking();
  }

  #stopTalking(): boolean {
    this.#stage = 'hanging up';
    return true;
  }

  /**
   * Sends FIN and drops what still comes until the peer sends its own. Closing at once would answer bytes that were not
   * read with a reset, and a reset can destroy the answer on its way.
   */
  #hangUp(): boolean {
    if (this.#stage === 'over' || !this.#send()) return false;
    this.stream.shutdown('write').catch(() => {});
    const count = this.stream.tryRead(buffer);
    if (count === null) this.end();
    return count !== WOULD_BLOCK;
  }

  #say(text: string): void {
    if (text !== '') this.#unsent.push(Buffer.from(text, 'latin1'));
  }

  /** Writes what there is room for, in one write; whether nothing is left. */
  #send(): boolean {
    if (this.#unsent.length === 0) return true;
    const bytes = Buffer.concat(this.#unsent);
    const count = this.stream.tryWrite(bytes);
    const rest = count === WOULD_BLOCK ? bytes : bytes.subarray(count);
    this.#unsent = rest.length === 0 ? [] : [rest];
    return rest.length === 0;
  }
}
