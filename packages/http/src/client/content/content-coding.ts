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

/**
 * The codings of a body, in the order in which they are to be undone; an error for one that is not known, which the reader of
 * the body gets; `undefined` for a body without any.
 */
export function codingsOf(headers: Headers): readonly Coding[] | RemoteProtocolError | undefined {
  const field = headers.get('content-encoding');
  if (field === null) return undefined;
  const codings: Coding[] = [];
  for (const element of field.toLowerCase().split(',')) {
    const name = element.trim();
    if (name === '' || name === 'identity') continue;
    const coding = Object.hasOwn(NAMES, name) ? NAMES[name] : undefined;
    if (coding === undefined || codings.length === MAX_CODINGS) return unknownCoding();
    codings.unshift(coding);
  }
  return codings.length === 0 ? undefined : codings;
}

function unknownCoding(): RemoteProtocolError {
  return new RemoteProtocolError(
    `body: expected a Content-Encoding of ${ACCEPTED_CODINGS}, at most ${MAX_CODINGS} of them, got another; set \`decompress: false\` to read the body as it is sent`,
    'ERR_HTTP_CONTENT_CODING',
  );
}
