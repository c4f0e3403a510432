/** A message as the hooks of crossws get it: one value, read in the form that is asked for. */

import type { Message } from '../socket-events/callback-socket.ts';
import { Received } from './payload.ts';
import type { SocketPeer } from './peer.ts';
import { randomUuid } from './uuid.ts';

export class PeerMessage extends Received {
  readonly peer: SocketPeer;
  #id: string | undefined;

  constructor(rawData: Message, peer: SocketPeer) {
    super(rawData);
    this.peer = peer;
  }

  get id(): string {
    this.#id ??= randomUuid();
    return this.#id;
  }

  /** In the form that `peer.websocket.binaryType` names; else as it came. */
  get data(): unknown {
    switch (this.peer.websocket.binaryType) {
      case 'arraybuffer':
        return this.arrayBuffer();
      case 'blob':
        return this.blob();
      case 'nodebuffer':
        return Buffer.from(this.uint8Array());
      case 'uint8array':
        return this.uint8Array();
      case 'text':
        return this.text();
      case undefined:
      default:
        return this.rawData;
    }
  }

  uint8Array(): Uint8Array<ArrayBuffer> {
    const { rawData } = this;
    if (typeof rawData === 'string') return new TextEncoder().encode(rawData);
    return rawData as Uint8Array<ArrayBuffer>;
  }

  arrayBuffer(): ArrayBuffer {
    const { buffer, byteOffset, byteLength } = this.uint8Array();
    return byteLength === buffer.byteLength
      ? buffer
      : buffer.slice(byteOffset, byteOffset + byteLength);
  }

  blob(): Blob {
    return new Blob([this.uint8Array()]);
  }

  text(): string {
    const { rawData } = this;
    return typeof rawData === 'string' ? rawData : new TextDecoder().decode(rawData);
  }

  /** @throws `SyntaxError` for text that is no JSON */
  json(): unknown {
    return JSON.parse(this.text());
  }

  override toString(): string {
    return this.text();
  }

  [Symbol.toPrimitive](): string {
    return this.text();
  }
}
