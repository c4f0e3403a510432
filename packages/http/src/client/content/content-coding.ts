/** The content codings of a response: which there are, and whether they are known. Loads nothing. */

import { RemoteProtocolError } from '../../protocol/vocabulary/errors.ts';
import type { Headers } from '../../protocol/vocabulary/headers.ts';

/** The codings that can be decoded. */
export type Coding = 'gzip' | 'deflate' | 'br' | 'zstd';

/** Node has zstd from 22.15 on. */
const HAS_ZSTD = process.versions['zstd'] !== undefined;

/** The value of `Accept-Encoding`. */
export const ACCEPTED_CODINGS: string = HAS_ZSTD ? 'gzip, deflate, br, zstd' : 'gzip, deflate, br';

/** More codings than this one over the other are an attack: each may multiply the size. */
const MAX_CODINGS = 4;

const NAMES: Readonly<Record<string, Coding | undefined>> = {
  gzip: 'gzip',
  'x-gzip': 'gzip',
  deflate: 'deflate',
  br: 'br',
  ...(HAS_ZSTD ? { zstd: 'zstd' } : {}),
};

/** Why a body is not decoded: it has a coding that is not known, or too many. */
export type UndecodableCoding = 'unknown' | 'too many';

/** The codings of a body, in the order in which they are to be undone, or why they are not; `undefined` for a body without any. */
export function codingsOf(headers: Headers): readonly Coding[] | UndecodableCoding | undefined {
  const field = headers.get('content-encoding');
  if (field === null) return undefined;
  const codings: Coding[] = [];
  for (const element of field.toLowerCase().split(',')) {
    const name = element.trim();
    if (name === '' || name === 'identity') continue;
    const coding = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
    if (coding === undefined) return 'unknown';
    if (codings.length === MAX_CODINGS) return 'too many';
    codings.unshift(coding);
  }
  return codings.length === 0 ? undefined : codings;
}

/** What the reader of a body gets that is not decoded. */
export function undecodable(): RemoteProtocolError {
  return new RemoteProtocolError(
    `body: expected a Content-Encoding of ${ACCEPTED_CODINGS}, at most ${MAX_CODINGS} of them, got another; set \`decompress: false\` to read the body as it is sent`,
    'ERR_HTTP_CONTENT_CODING',
  );
}
