/** What the wire cases of forms are made of. */

import type { ExpectedPart, MultipartCase } from './multipart-case.ts';

/** Lines, each ended by CRLF. */
export const lines = (...all: readonly string[]): string =>
  all.map((line) => `${line}\r\n`).join('');
export const FIELD = 'Content-Disposition: form-data; name="a"';
export const utf8 = (text: string): string => Buffer.from(text).toString('latin1');

/** A form with one field `a`, in which this section stands. */
export const withSection = (...section: readonly string[]): string =>
  lines('--b', ...section, '', 'x', '--b--');
/** A form with one field, whose disposition has these parameters. */
export const named = (parameters: string): string =>
  withSection(`Content-Disposition: form-data; ${parameters}`);
/** A form with one field `a`, with this body. */
export const withBody = (body: string): string => `--b\r\n${FIELD}\r\n\r\n${body}\r\n--b--\r\n`;
export const A: ExpectedPart = { name: 'a', body: 'x' };

export const good = (
  name: string,
  wire: string,
  ...parts: readonly ExpectedPart[]
): MultipartCase => ({
  name,
  wire,
  parts,
});
export const bad = (
  name: string,
  end: string,
  wire: string,
  ...parts: readonly ExpectedPart[]
): MultipartCase => ({ name, wire, parts, end });
