/** Why a connection ends: the numbers of RFC 6455 section 7.4, and of its registry at IANA. */
export const CloseCode = {
  /** What the connection was for is done. */
  NORMAL: 1000,
  /** A server shuts down, or a page is left. */
  GOING_AWAY: 1001,
  PROTOCOL_ERROR: 1002,
  /** Text where only bytes are taken, or the other way round. */
  UNSUPPORTED_DATA: 1003,
  /** The close frame had no code. Never sent. */
  NO_CODE: 1005,
  /** There was no close frame. Never sent. */
  ABNORMAL: 1006,
  /** Text that is not UTF-8. */
  INVALID_DATA: 1007,
  POLICY_VIOLATION: 1008,
  MESSAGE_TOO_BIG: 1009,
  INTERNAL_ERROR: 1011,
} as const;

/**
 * Whether a close frame may have this code: 1000 to 1003 and 1007 to 1014, which are registered, and 3000 to 4999, which
 * are for libraries and applications. 1004 to 1006 and 1015 are reserved and never sent.
 */
export function isSendableCloseCode(code: number): boolean {
  if (!Number.isInteger(code)) return false;
  if (code >= 3000) return code <= 4999;
  return (code >= 1000 && code <= 1003) || (code >= 1007 && code <= 1014);
}
