/** Informational responses (RFC 9110 section 15.2). */

import { LocalProtocolError } from '../../protocol/vocabulary/errors.ts';

/** @throws `LocalProtocolError` for another status than 1xx, and for 101, which `upgrade` sends */
export function checkInformational(status: number): void {
  if (Number.isInteger(status) && status >= 100 && status <= 199 && status !== 101) return;
  const got = typeof status === 'number' ? status : typeof status;
  throw new LocalProtocolError(
    `informational: expected a status from 100 to 199 other than 101, got ${got}`,
    'ERR_HTTP_STATUS',
  );
}
