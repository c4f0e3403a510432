/** How much a peer may send, with units, defaults and the close code when it is too much. */

/** Limits on what comes in. */
export interface WebSocketProtocolLimits {
  /** Bytes of a frame’s payload. @default 1048576 → 1009 */
  readonly frameBytes: number;
  /** Bytes of a message, all its fragments together. @default 1048576 → 1009 */
  readonly messageBytes: number;
  /** Bytes that a compressed message may inflate to, `messageBytes` aside. @default 1048576 → 1009 */
  readonly inflatedBytes: number;
  /**
   * How many times as long as its compressed form, in whole KiB, a message may be. DEFLATE can do 1032.
   * @default 200 → 1009
   */
  readonly compressionRatio: number;
  /** Frames that one message is cut into. @default 1024 → 1008 */
  readonly fragments: number;
  /**
   * Control frames in a row, without a frame of a message between, that are there to be read at once. A ping now and then
   * does not count: each wait for bytes begins anew. @default 64 → 1008
   */
  readonly controlFrames: number;
  /** Messages that are parsed ahead of their reader. @default 16 : reading stops */
  readonly readAheadMessages: number;
}

/** The defaults of {@link WebSocketProtocolLimits}. */
export const DEFAULT_PROTOCOL_LIMITS: WebSocketProtocolLimits = Object.freeze({
  frameBytes: 1_048_576,
  messageBytes: 1_048_576,
  inflatedBytes: 1_048_576,
  compressionRatio: 200,
  fragments: 1_024,
  controlFrames: 64,
  readAheadMessages: 16,
});
