/**
 * How much a peer may send: each limit with its unit, default, precedent and status.
 */

/** Limits on what comes in. */
export interface ProtocolLimits {
  /** Bytes of the request target. @default 8192 (nginx's `large_client_header_buffers`, Apache) → 414 */
  readonly targetBytes: number;
  /** Bytes of a message head, start line included. @default 16384 (node:http) → 431 */
  readonly headerBytes: number;
  /** Header fields of a message. @default 100 (Apache's `LimitRequestFields`, hyper) → 431 */
  readonly headerCount: number;
  /** Bytes of a body. @default Infinity: a streamed body is bounded by its reader → 413 */
  readonly bodyBytes: number;
  /** Bytes of a trailer section. @default 8192 → 431 */
  readonly trailerBytes: number;
  /**
   * Bytes of chunk framing beyond what honest chunks need (16 per piece, and 2 per byte of data), extensions included.
   * @default 16384 (Go's net/http, CVE-2023-39326) → 400
   */
  readonly chunkOverheadBytes: number;
  /** Empty lines before a request line that are skipped, in bytes. @default 8 (RFC 9112 section 2.2 asks for one) → 400 */
  readonly leadingBytes: number;
  /** Requests that may be parsed ahead of the one being answered. @default 32 (aiohttp) : reading stops */
  readonly readAheadMessages: number;
  /** Bytes of body that may be parsed ahead of their reader. @default 65536 : reading stops */
  readonly readAheadBytes: number;
}

/** The defaults of {@link ProtocolLimits}. */
export const DEFAULT_LIMITS: ProtocolLimits = Object.freeze({
  targetBytes: 8_192,
  headerBytes: 16_384,
  headerCount: 100,
  bodyBytes: Infinity,
  trailerBytes: 8_192,
  chunkOverheadBytes: 16_384,
  leadingBytes: 8,
  readAheadMessages: 32,
  readAheadBytes: 65_536,
});
