/**
 * A WebSocket in the shape of a browser’s (https://websockets.spec.whatwg.org/#the-websocket-interface).
 *
 * What a browser’s has no room for is kept from awaitio where it can be: `send` does not wait, so what waits is bounded by a
 * number of bytes, and exceeding that ends the connection, as the standard asks for. Listeners cannot slow the peer down.
 */

import { LimitError } from '@awaitio/core';
import { checkOptions, outsideScopes, rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { Message } from '../streams/incoming-message.ts';
import { bytesOf, checkClose, sizeOf } from './close-arguments.ts';
import type { FacadedEnd, FacadedSocket } from './facaded-socket.ts';
import {
  CloseEvent,
  ContainedTarget,
  dispatch,
  ErrorEvent,
  messageEvent,
} from './socket-events.ts';

/** Options of {@link EventSocket}. */
export interface EventSocketOptions {
  /** How many bytes may wait, and 64 more for each message; beyond them the connection ends with a `LimitError`. @default 16777216 */
  readonly maxBufferedBytes?: number | undefined;
}

export const EVENT_SOCKET_OPTIONS: OptionTable<EventSocketOptions> = {
  maxBufferedBytes: rules.count,
};

const MAX_BUFFERED = 16_777_216;
const ABNORMAL = 1006;

const CONNECTING = 0;
const OPEN = 1;
const CLOSING = 2;
const CLOSED = 3;

/** What is being opened: `abort` gives that up. */
export interface Opening {
  readonly socket: Promise<FacadedSocket>;
  abort(reason: unknown): void;
}

type Handler<E> = ((event: E) => unknown) | null;
type Outgoing = string | ArrayBufferLike | ArrayBufferView | Blob;

/**
 * A WebSocket in the shape of a browser’s `WebSocket`. A listener that fails is reported on stderr.
 *
 * `socket.toEventTarget()` makes one of a WebSocket that is open, `new BrowserWebSocket(url)` opens one.
 */
export class EventSocket extends ContainedTarget {
  static readonly CONNECTING: 0 = CONNECTING;
  static readonly OPEN: 1 = OPEN;
  static readonly CLOSING: 2 = CLOSING;
  static readonly CLOSED: 3 = CLOSED;

  readonly CONNECTING: 0 = CONNECTING;
  readonly OPEN: 1 = OPEN;
  readonly CLOSING: 2 = CLOSING;
  readonly CLOSED: 3 = CLOSED;
  readonly url: string;
  /** `'blob'` or `'arraybuffer'`: what the bytes of a message are given as. */
  #binaryType: 'blob' | 'arraybuffer' = 'blob';
  readonly #maxBuffered: number;
  #socket: FacadedSocket | undefined;
  #opening: Opening | undefined;
  #isClosing = false;
  #isClosed = false;
  #bufferedAmount = 0;
  /** How many messages wait. */
  #waiting = 0;
  /** Fulfilled when the blobs before are read; `undefined` when none is. */
  #blobs: Promise<void> | undefined;

  /** @param socket - One that is open, or that will be. */
  constructor(url: string, socket: FacadedSocket | Opening, options: EventSocketOptions = {}) {
    super();
    checkOptions('EventSocket', options, EVENT_SOCKET_OPTIONS);
    this.url = url;
    this.#maxBuffered = options.maxBufferedBytes ?? MAX_BUFFERED;
    if ('receive' in socket) this.#socket = socket;
    else this.#opening = socket;
    void outsideScopes(() => this.#run());
  }

  get readyState(): number {
    if (this.#isClosed) return CLOSED;
    if (this.#isClosing) return CLOSING;
    if (this.#socket === undefined) return CONNECTING;
    return this.#socket.isOpen() ? OPEN : CLOSING;
  }

  /** The subprotocol; empty for none, and before the WebSocket is open. */
  get protocol(): string {
    return this.#socket?.protocol ?? '';
  }

  /** The extensions; empty for none, and before the WebSocket is open. */
  get extensions(): string {
    return this.#socket?.extensions ?? '';
  }

  /** How many bytes of `send` the connection has not taken yet; also those that it never will. */
  get bufferedAmount(): number {
    return this.#bufferedAmount;
  }

  get binaryType(): 'blob' | 'arraybuffer' {
    return this.#binaryType;
  }

  /** Any other value is ignored, as by browsers. */
  set binaryType(type: 'blob' | 'arraybuffer') {
    if (type === 'blob' || type === 'arraybuffer') this.#binaryType = type;
  }

  get onopen(): Handler<Event> {
    return this.handlerOf('open') as Handler<Event>;
  }

  set onopen(handler: Handler<Event>) {
    this.setHandler('open', handler);
  }

  get onmessage(): Handler<MessageEvent> {
    return this.handlerOf('message') as Handler<MessageEvent>;
  }

  set onmessage(handler: Handler<MessageEvent>) {
    this.setHandler('message', handler);
  }

  get onerror(): Handler<ErrorEvent> {
    return this.handlerOf('error') as Handler<ErrorEvent>;
  }

  set onerror(handler: Handler<ErrorEvent>) {
    this.setHandler('error', handler);
  }

  get onclose(): Handler<CloseEvent> {
    return this.handlerOf('close') as Handler<CloseEvent>;
  }

  set onclose(handler: Handler<CloseEvent>) {
    this.setHandler('close', handler);
  }

  /**
   * Sends a message, or queues it; once it is closing it drops it.
   *
   * @param data - A string; bytes, which are copied; or a `Blob`. Any other value is sent as text, as by browsers.
   * @throws `DOMException` (`InvalidStateError`) before it is open.
   */
  send(data: Outgoing): void {
    const state = this.readyState;
    if (state === CONNECTING) {
      throw new DOMException(
        'send: expected a WebSocket that is open, got one that connects',
        'InvalidStateError',
      );
    }
    const bytes = bytesOf(data);
    const content = data instanceof Blob ? data : (bytes ?? textOf(data));
    const size = sizeOf(content);
    this.#bufferedAmount += size;
    if (state !== OPEN) return;
    const cost = this.#waiting * (this.#socket?.messageCost ?? 0);
    this.#waiting += 1;
    if (this.#bufferedAmount + cost > this.#maxBuffered) {
      this.#socket?.reset(tooMuch(this.#maxBuffered));
    } else if (this.#blobs === undefined && !(content instanceof Blob)) {
      this.#send(content, size);
    } else {
      const copy = bytes === undefined ? content : Uint8Array.from(bytes);
      this.#blobs = this.#sendLater(this.#blobs, copy, size);
    }
  }

  /**
   * Begins to close; does nothing if it has begun.
   *
   * @param code - 1000, or 3000 to 4999. @default none
   * @param reason - At most 123 bytes of UTF-8.
   * @throws `DOMException`: `InvalidAccessError` for another code, `SyntaxError` for a longer reason.
   */
  close(code?: number, reason: string = ''): void {
    const text = textOf(reason);
    const number = code === undefined ? undefined : numberOf(code);
    checkClose(number, text);
    if (this.#isClosing || this.#isClosed) return;
    this.#isClosing = true;
    const given = number ?? (text === '' ? undefined : 1000);
    if (this.#socket === undefined) this.#opening?.abort(gaveUp());
    else if (this.#blobs === undefined) this.#socket.close(given, text);
    else void this.#blobs.then(() => this.#socket?.close(given, text));
  }

  #send(message: Message, size: number): void {
    this.#socket?.send(message).then(
      () => {
        this.#bufferedAmount -= size;
        this.#waiting -= 1;
      },
      // Why it was not sent, the end of the connection says.
      () => {},
    );
  }

  async #sendLater(
    before: Promise<void> | undefined,
    content: string | Uint8Array | Blob,
    size: number,
  ): Promise<void> {
    await before;
    try {
      const message =
        content instanceof Blob ? new Uint8Array(await content.arrayBuffer()) : content;
      this.#send(message, size);
    } catch (error) {
      // What a blob stands for may be gone, as a file may be.
      this.#socket?.reset(error);
    }
  }

  async #run(): Promise<void> {
    let end: FacadedEnd;
    try {
      const socket = this.#socket ?? (await this.#opened());
      end = await this.#pass(socket);
    } catch (error) {
      end = { code: ABNORMAL, reason: '', isClean: false, error };
    }
    this.#isClosed = true;
    const { code, reason, isClean, error } = end;
    if (!isClean) {
      const message = error instanceof Error ? error.message : String(error);
      dispatch(this, new ErrorEvent('error', { error, message }));
    }
    dispatch(
      this,
      new CloseEvent('close', isClean ? { code, reason, wasClean: true } : { code: ABNORMAL }),
    );
  }

  async #opened(): Promise<FacadedSocket> {
    const socket = await (this.#opening as Opening).socket;
    this.#opening = undefined;
    if (this.#isClosing) {
      socket.reset(gaveUp());
      throw gaveUp();
    }
    this.#socket = socket;
    dispatch(this, new Event('open'));
    return socket;
  }

  /** Passes messages on until the end. */
  async #pass(socket: FacadedSocket): Promise<FacadedEnd> {
    try {
      // Listeners are added after the constructor has returned.
      await Promise.resolve();
      for (;;) {
        const message = await socket.receive();
        if (message === null) break;
        if (this.#isClosing) continue;
        const data = typeof message === 'string' ? message : this.#binary(message);
        dispatch(this, messageEvent({ data, origin: originOf(this.url) }));
      }
    } catch {
      // The end says why.
    }
    return socket.closed;
  }

  #binary(bytes: Uint8Array): Blob | ArrayBuffer {
    if (this.#binaryType === 'blob') return new Blob([bytes]);
    return bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length) as ArrayBuffer;
  }
}

/** As the platform converts arguments. */
function textOf(value: unknown): string {
  return String(value);
}

function numberOf(value: unknown): number {
  return Number(value);
}

function originOf(url: string): string {
  return URL.canParse(url) ? new URL(url).origin : '';
}

function tooMuch(limit: number): LimitError {
  return new LimitError(
    `send: ${limit} bytes wait to be sent; look at \`bufferedAmount\`, or raise \`maxBufferedBytes\``,
    { code: 'ERR_LIMIT', operation: 'send', limitName: 'maxBufferedBytes', limit },
  );
}

function gaveUp(): DOMException {
  return new DOMException('close: the WebSocket was closed before it was open', 'AbortError');
}
