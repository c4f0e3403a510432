/** The requests that parsers are measured with. */

import { BROWSER_FIELDS, browserRequest, ECHO, withId } from '../load/exchanges.ts';

export interface ParserRequest {
  /** The request in variants of one length, which differ at the end of the head. */
  readonly variants: readonly Buffer[];
  /** How many header fields it has. */
  readonly fields: number;
}

/** Enough for no two in a row to be alike, and few enough to stay in the processor's caches. */
const VARIANTS = 64;

function variants(make: (id: number) => Buffer): readonly Buffer[] {
  return Array.from({ length: VARIANTS }, (_, id) => make(id));
}

export const requests: Readonly<Record<string, ParserRequest>> = {
  small: { variants: variants((id) => withId(ECHO.request, id)), fields: 6 },
  browser: { variants: variants(browserRequest), fields: BROWSER_FIELDS },
};
