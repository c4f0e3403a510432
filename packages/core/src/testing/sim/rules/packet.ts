/** Packets as rules see them. */

import type { InetAddress } from '../../../vocabulary/address.ts';
import type { SimPacket } from './types.ts';

export class Packet implements SimPacket {
  readonly kind: SimPacket['kind'];
  readonly from: InetAddress;
  readonly to: InetAddress;
  readonly bytes: Uint8Array;

  constructor(kind: SimPacket['kind'], from: InetAddress, to: InetAddress, bytes: Uint8Array) {
    this.kind = kind;
    this.from = from;
    this.to = to;
    this.bytes = bytes;
  }

  get text(): string {
    const { buffer, byteOffset, byteLength } = this.bytes;
    return Buffer.from(buffer, byteOffset, byteLength).toString('latin1');
  }
}
