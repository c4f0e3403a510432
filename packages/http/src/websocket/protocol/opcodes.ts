/** What a frame is (RFC 6455 section 5.2). The numbers are those on the wire; the others are reserved. */
export const Opcode = {
  CONTINUATION: 0x0,
  TEXT: 0x1,
  BINARY: 0x2,
  CLOSE: 0x8,
  PING: 0x9,
  PONG: 0xa,
} as const;

/** From this number on an opcode is that of a control frame: short, whole, allowed between the fragments of a message. */
export const FIRST_CONTROL = 0x8;

/** The most bytes of a control frame's payload (RFC 6455 section 5.5). */
export const CONTROL_BYTES = 125;

const KNOWN: ReadonlySet<number> = new Set(Object.values(Opcode));

/** Whether RFC 6455 gives this opcode a meaning. */
export function isKnownOpcode(opcode: number): boolean {
  return KNOWN.has(opcode);
}
