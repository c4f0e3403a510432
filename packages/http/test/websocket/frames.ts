/** Frames written by hand, from RFC 6455 section 5.2 alone and not by the code under test. */
import type { WebSocketEvent } from '../../src/websocket/protocol/events.ts';

export interface FrameSpec {
  readonly opcode: number;
  readonly payload?: Uint8Array | string;
  readonly fin?: boolean;
  readonly rsv?: number;
}

export const CONTINUATION = 0;
export const TEXT = 1;
export const BINARY = 2;
export const CLOSE = 8;
export const PING = 9;
export const PONG = 10;

/** A mask whose four bytes differ, so that a wrong phase shows. */
export const MASK = [0x37, 0xfa, 0x21, 0x3d] as const;

export const bytesOf = (data: Uint8Array | string): Uint8Array =>
  typeof data === 'string' ? Buffer.from(data, 'utf8') : data;

/** The bytes of a frame; with a mask, as a client sends it. */
export function frame(
  { opcode, payload = '', fin = true, rsv = 0 }: FrameSpec,
  isMasked: boolean,
): Buffer {
  const data = Buffer.from(bytesOf(payload));
  const head = [(fin ? 0x80 : 0) | (rsv << 4) | opcode];
  const bit = isMasked ? 0x80 : 0;
  if (data.length < 126) head.push(bit | data.length);
  else if (data.length < 65_536) head.push(bit | 126, data.length >> 8, data.length & 255);
  else {
    head.push(bit | 127, 0, 0, 0, 0);
    head.push(...[24, 16, 8, 0].map((shift) => (data.length >>> shift) & 255));
  }
  if (!isMasked) return Buffer.concat([Buffer.from(head), data]);
  const masked = data.map((byte, index) => byte ^ (MASK[index % 4] as number));
  return Buffer.concat([Buffer.from([...head, ...MASK]), masked]);
}

/** The payload of a close frame. */
export const closing = (code: number, reason: Uint8Array | string = ''): Buffer =>
  Buffer.concat([Buffer.from([code >> 8, code & 255]), bytesOf(reason)]);

/** An event in one line; long data by its length and its beginning. */
export function show(event: WebSocketEvent): string {
  switch (event.type) {
    case 'message': {
      const { data } = event;
      return typeof data === 'string' ? `text ${short(data)}` : `binary ${short(hex(data))}`;
    }
    case 'tail':
    case 'ping':
    case 'pong':
      return `${event.type} ${short(hex(event.data))}`;
    case 'close':
      return `close ${event.code} ${short(event.reason)}`;
    case 'end':
      return `end ${event.isClean ? 'clean' : 'early'}`;
    case 'failure':
      return `failure ${event.error.closeCode}`;
  }
}

export const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
export const short = (text: string): string =>
  text.length <= 64 ? text : `${text.slice(0, 16)}... (${text.length})`;
