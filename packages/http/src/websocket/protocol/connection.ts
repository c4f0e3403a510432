/**
 * A WebSocket without I/O (RFC 6455): bytes in, events out; events in, bytes out, for a client or a server.
 *
 * It begins after the opening handshake. It does no waiting and answers nothing by itself: what is due to a ping or a close
 * frame is the caller’s to send, so that the caller alone decides what is written when.
 */

import type { MessagePart, WebSocketEvent } from './events.ts';
import type { WebSocketProtocolLimits } from './limits.ts';
import type { MessageCoding } from './message-coding.ts';
import { Opcode } from './opcodes.ts';
import { Receiver } from './receiver.ts';
import { Sender, type FragmentPlace, type NextMask } from './sender.ts';
import type { SideState } from './state.ts';

export type Role = 'client' | 'server';

export class WebSocketConnection {
  readonly #coding: MessageCoding | undefined;
  readonly #receiver: Receiver;
  readonly #sender: Sender;

  /**
   * @param role - Which side this is.
   * @param limits - On what the peer sends.
   * @param nextMask - Gives the masks of a client’s frames; a server’s has none.
   * @param coding - What messages may be coded with, if that was agreed; it is freed with the connection.
   */
  constructor(
    role: Role,
    limits: WebSocketProtocolLimits,
    nextMask: NextMask,
    coding?: MessageCoding,
  ) {
    this.#coding = coding;
    this.#receiver = new Receiver(role === 'server', limits, coding?.decoder);
    this.#sender = new Sender(role === 'client' ? nextMask : undefined, coding?.encoder);
  }

  /** What this side may send next. */
  get localState(): SideState {
    return this.#sender.state;
  }

  /** What the peer may send next. */
  get peerState(): SideState {
    return this.#receiver.state;
  }

  /** Takes bytes of the peer. @returns How many; fewer than all when enough messages wait to be taken, or much was decoded */
  receive(bytes: Uint8Array): number {
    return this.#receiver.receive(bytes);
  }

  /** The peer’s half of the connection has ended. */
  receiveEnd(): void {
    this.#receiver.receiveEnd();
  }

  /** Takes the next event; `undefined` when more bytes are needed. */
  nextEvent(): WebSocketEvent | undefined {
    return this.#receiver.next();
  }

  /** How many bytes of the message that is coming are there, when all events were taken. */
  get partBytes(): number {
    return this.#receiver.partBytes;
  }

  /** Takes what is there of the message that is coming; its end is the event `tail`. `undefined` when there is nothing. */
  takePart(): MessagePart | undefined {
    return this.#receiver.takePart();
  }

  /** As `Sender.message`. @throws `LocalProtocolError` */
  sendMessage(data: string | Uint8Array, place?: FragmentPlace): Uint8Array {
    return this.#sender.message(data, place);
  }

  /** As `Sender.control`. @throws `LocalProtocolError` */
  sendPing(data: Uint8Array): Uint8Array {
    return this.#sender.control(Opcode.PING, data);
  }

  /** As `Sender.control`. @throws `LocalProtocolError` */
  sendPong(data: Uint8Array): Uint8Array {
    return this.#sender.control(Opcode.PONG, data);
  }

  /** As `Sender.close`. @throws `LocalProtocolError` */
  sendClose(code: number | undefined, reason: string): Uint8Array {
    return this.#sender.close(code, reason);
  }

  /** This side’s half of the connection has ended. */
  sendEnd(): void {
    this.#sender.end();
  }

  /** Gives back what the coding of messages holds: nothing comes or goes any more. Idempotent. */
  free(): void {
    this.#coding?.decoder.close();
    this.#coding?.encoder.close();
  }
}
