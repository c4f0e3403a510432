/**
 * The two states of a decoder: where it is in a message, and what becomes of the bytes that come.
 *
 * They are numbers, as the parser's are: they are compared for every piece of bytes.
 */

/** Where in a message the parser is, with what may follow. */
export const Phase = {
  /** Between two messages; HEAD with the first byte of the next. */
  IDLE: 0,
  /** In a head; BODY or INTERIM when it is complete. */
  HEAD: 1,
  /** Behind a final head, in data or chunk framing; TRAILERS with the first name of one, IDLE at the end. */
  BODY: 2,
  /** In the trailer section of a chunked message; IDLE at the end. */
  TRAILERS: 3,
  /** Behind the head of an informational response, which is all of it; IDLE in the same step. */
  INTERIM: 4,
} as const;
export type Phase = (typeof Phase)[keyof typeof Phase];

/** What becomes of the bytes that come, with what may follow. Their order counts: from LAST on, bytes are dropped. */
export const Reading = {
  /** Messages are read. HELD or LAST after one, FAILED at a violation, ENDED when the peer finishes. */
  OPEN: 0,
  /**
   * Nothing is read in this cycle: the bytes may be another protocol's, or no request asked for them. OPEN with the next
   * cycle, HELD_AT_END when the peer finishes.
   */
  HELD: 1,
  /** The same, and the peer has finished; ENDED with the next cycle. */
  HELD_AT_END: 2,
  /** The last message of the connection is complete; ENDED when the peer finishes. */
  LAST: 3,
  /** The peer has finished, and the event that reports it is queued; final. */
  ENDED: 4,
  /** The peer broke the rules, and the error that reports it is queued; final. */
  FAILED: 5,
} as const;
export type Reading = (typeof Reading)[keyof typeof Reading];
