/**
 * What a client makes of bytes: one row for each rule of RFC 9110 and RFC 9112 that a response can keep or break.
 *
 * The client has sent one request, a GET unless `method` says another. Every case is run whole, byte by byte, cut in two
 * at every place, and with another response behind it that no request asked for (response-cases.test.ts).
 */

import { BODIES } from './responses/bodies.ts';
import { BODILESS } from './responses/bodiless.ts';
import { CONNECTION } from './responses/connection.ts';
import { RESPONSE_LIMITS } from './responses/limits.ts';
import { STATUS_LINES } from './responses/status-line.ts';
import type { WireCase } from './wire-case.ts';

export const RESPONSE_CASES: readonly WireCase[] = [
  ...STATUS_LINES,
  ...BODIES,
  ...BODILESS,
  ...CONNECTION,
  ...RESPONSE_LIMITS,
];
