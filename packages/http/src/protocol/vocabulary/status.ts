/** Reason phrases: the registry of RFC 9110 section 15 and its later additions. */

import { STATUS_CODES } from './status-codes.ts';

/** The reason phrase of a status, or an empty one: RFC 9112 section 4 lets it be empty. */
export function reasonOf(status: number): string {
  return STATUS_CODES[status] ?? '';
}

/** Reports whether a response with this status never has a body (RFC 9112 section 6.3, rules 1 and 2). */
export function isBodiless(status: number): boolean {
  return status === 204 || status === 304 || (status >= 100 && status < 200);
}
