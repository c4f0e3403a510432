/** How much a form may hold: each limit with its unit, default and error. */

import { rules, withDefaults, type OptionRule } from '@awaitio/core/lowlevel';

/** Limits on a `multipart/form-data` body; more than one is a `MultipartError` with status 413. */
export interface MultipartLimits {
  /** Parts of a form. @default 1000 */
  readonly parts: number;
  /** Bytes of a name, and of a file's name, as sent. @default 1024 */
  readonly nameBytes: number;
  /** Bytes of one part's header section, and of what stands before the first part. @default 8192 */
  readonly headerBytes: number;
  /** Bytes of one part's body. @default Infinity: a part that is streamed needs no memory */
  readonly partBytes: number;
  /** Bytes of the whole body, delimiters included. @default Infinity: the server's `limits.bodyBytes` */
  readonly bodyBytes: number;
}

/** Some of {@link MultipartLimits}; the others have their defaults. */
export type GivenLimits = {
  readonly [Name in keyof MultipartLimits]?: MultipartLimits[Name] | undefined;
};

/** The defaults of {@link MultipartLimits}. */
export const DEFAULT_MULTIPART_LIMITS: MultipartLimits = Object.freeze({
  parts: 1_000,
  nameBytes: 1_024,
  headerBytes: 8_192,
  partBytes: Infinity,
  bodyBytes: Infinity,
});

const AMOUNT: OptionRule = {
  expected: 'a whole number from 0, or Infinity',
  accepts: (value) => value === Infinity || rules.whole(0).accepts(value),
};

/** What {@link MultipartLimits} may be. */
export const MULTIPART_LIMITS: Readonly<Record<keyof MultipartLimits, OptionRule>> = {
  parts: AMOUNT,
  nameBytes: AMOUNT,
  headerBytes: AMOUNT,
  partBytes: AMOUNT,
  bodyBytes: AMOUNT,
};

export function limitsOf(given: GivenLimits | undefined): MultipartLimits {
  return withDefaults(DEFAULT_MULTIPART_LIMITS, given);
}
