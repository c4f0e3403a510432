/** A peer as the hooks of crossws get it: a WebSocket with a name, a request, and topics. */

import type { PeerContext, WaitForDrainOptions } from 'crossws';
import { printLine } from '@awaitio/core/lowlevel';
import type { CallbackSocket } from '../socket-events/callback-socket.ts';
import { messageOf } from './payload.ts';
import type { PeerTopics } from './peer-topics.ts';
import { randomUuid } from './uuid.ts';

let hasWarned = false;

/** What a peer is made of. */
export interface PeerParts {
  readonly socket: CallbackSocket;
  readonly request: Request;
  readonly remoteAddress: string | undefined;
  readonly namespace: string;
  readonly context: PeerContext;
  /** Those of the same namespace. */
  readonly peers: Set<SocketPeer>;
  readonly topics: PeerTopics;
  /** Passes what was published on to other processes. */
  readonly relay: (namespace: string, topic: string, data: unknown) => void;
}

/** The parts of a browser's WebSocket that there are; `protocol` and `extensions` fall back to what the client proposed. */
class SocketView {
  readonly #parts: PeerParts;
  /** What `message.data` is: text and bytes as they came, or everything in the form that is named. */
  binaryType: string | undefined;

  constructor(parts: PeerParts) {
    this.#parts = parts;
  }

  get readyState(): number {
    return this.#parts.socket.readyState;
  }
  get bufferedAmount(): number {
    return this.#parts.socket.bufferedAmount;
  }
  get protocol(): string {
    return this.#parts.socket.socket.protocol || this.#proposed('sec-websocket-protocol');
  }
  get extensions(): string {
    return this.#proposed('sec-websocket-extensions');
  }
  get url(): string {
    return this.#parts.request.url.replace(/^http/, 'ws');
  }

  send(data: unknown): void {
    this.#parts.socket.send(messageOf(data));
  }

  close(code?: number, reason?: string): void {
    this.#parts.socket.close(code, reason);
  }

  #proposed(name: string): string {
    return this.#parts.request.headers.get(name) ?? '';
  }
}

export class SocketPeer {
  readonly #parts: PeerParts;
  readonly websocket: SocketView;
  /** The topics that it gets. */
  readonly topics: Set<string> = new Set();
  #id: string | undefined;

  constructor(parts: PeerParts) {
    this.#parts = parts;
    this.websocket = new SocketView(parts);
  }

  get id(): string {
    this.#id ??= randomUuid();
    return this.#id;
  }
  get context(): PeerContext {
    return this.#parts.context;
  }
  get namespace(): string {
    return this.#parts.namespace;
  }
  /** The address of the client, without its port. */
  get remoteAddress(): string | undefined {
    return this.#parts.remoteAddress;
  }
  get request(): Request {
    return this.#parts.request;
  }
  get peers(): Set<SocketPeer> {
    return this.#parts.peers;
  }
  get bufferedAmount(): number {
    return this.#parts.socket.bufferedAmount;
  }

  /** Polls nothing: `pollInterval` is not used. */
  waitForDrain({ threshold = 0, signal }: WaitForDrainOptions = {}): Promise<void> {
    return this.#parts.socket.drained(threshold, signal);
  }

  /** @returns Bytes that wait, this message included. */
  send(data: unknown): number {
    this.#parts.socket.send(messageOf(data));
    return this.bufferedAmount;
  }

  subscribe(topic: string): void {
    this.topics.add(topic);
    this.#parts.topics.join(this.namespace, topic, this.#parts.socket.socket);
  }

  unsubscribe(topic: string): void {
    this.topics.delete(topic);
    this.#parts.topics.leave(this.namespace, topic, this.#parts.socket.socket);
  }

  /** Sends to the other members of a topic, and to those of other processes where there is a `sync`. */
  publish(topic: string, data: unknown): void {
    this._publish(topic, data);
    this.#parts.relay(this.namespace, topic, data);
  }

  /** What crossws calls to publish in this process alone. */
  _publish(topic: string, data: unknown): void {
    const { topics, socket } = this.#parts;
    topics.publish(this.namespace, topic, messageOf(data), socket.socket);
  }

  /** Does nothing: pings are the server's, as `deadlines.ping` says. */
  ping(): void {
    if (hasWarned) return;
    hasWarned = true;
    printLine('peer.ping does nothing: the server sends pings, see `webSocket.deadlines.ping`');
  }

  close(code?: number, reason?: string): void {
    this.#parts.socket.close(code, reason);
  }

  /** Ends the connection at once. */
  terminate(): void {
    this.#parts.socket.socket.reset();
  }

  toString(): string {
    return this.id;
  }

  [Symbol.toPrimitive](): string {
    return this.id;
  }

  [Symbol.toStringTag](): 'WebSocket' {
    return 'WebSocket';
  }
}
