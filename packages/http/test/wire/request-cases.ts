/**
 * What a server makes of bytes: one row for each rule of RFC 9110 and RFC 9112 that a request can keep or break.
 *
 * Every case is run whole, byte by byte, cut in two at every place, and with another request behind it
 * (request-cases.test.ts); and against node:http (differential.test.ts).
 */

import { CHUNKS } from './requests/chunks.ts';
import { CONTENT_LENGTHS } from './requests/content-length.ts';
import { FIELDS } from './requests/fields.ts';
import { HOSTS } from './requests/host.ts';
import { LIMITS } from './requests/limits.ts';
import { PERSISTENCE } from './requests/persistence.ts';
import { START_LINES } from './requests/start-line.ts';
import { SWITCHES } from './requests/switches.ts';
import { TRANSFER_ENCODINGS } from './requests/transfer-encoding.ts';
import type { WireCase } from './wire-case.ts';

export const REQUEST_CASES: readonly WireCase[] = [
  ...START_LINES,
  ...FIELDS,
  ...HOSTS,
  ...CONTENT_LENGTHS,
  ...TRANSFER_ENCODINGS,
  ...CHUNKS,
  ...PERSISTENCE,
  ...SWITCHES,
  ...LIMITS,
];
