/** Subresource Integrity: a body that is handed out only if it has the hash that was asked for. Loaded with the first. */

import { createHash } from 'node:crypto';
import { InvalidInputError, IoError, LimitError } from '@awaitio/core';
import type { Body, Bytes } from '../message/body.ts';
import { PieceCollector } from '../message/piece-collector.ts';

type Algorithm = 'sha256' | 'sha384' | 'sha512';

/** What a body has to be: one of the hashes, in base64 without its padding. */
export interface Integrity {
  readonly algorithm: Algorithm;
  readonly hashes: ReadonlySet<string>;
}

/**
 * Reads the metadata (W3C SRI, section 3.3): of several algorithms, the strongest counts.
 *
 * @returns `undefined` for blanks alone, which ask for nothing.
 * @throws `InvalidInputError` where no hash is of a known algorithm. A browser would leave such a body unchecked.
 */
export function parseIntegrity(metadata: string): Integrity | undefined {
  const given = metadata.split(/[\t\n\f\r ]+/).filter((each) => each !== '');
  if (given.length === 0) return undefined;
  let strongest: Algorithm | undefined;
  let hashes = new Set<string>();
  for (const each of given) {
    const [, name = '', hash = ''] = /^(sha(?:256|384|512))-([^?]*)/i.exec(each) ?? [];
    const algorithm = name.toLowerCase() as Algorithm;
    if (name === '' || (strongest !== undefined && algorithm < strongest)) continue;
    if (algorithm !== strongest) hashes = new Set();
    strongest = algorithm;
    // Both alphabets are sent; the standard's comparison makes one of them.
    hashes.add(hash.replaceAll('-', '+').replaceAll('_', '/').replace(/=+$/, ''));
  }
  if (strongest !== undefined) return { algorithm: strongest, hashes };
  throw new InvalidInputError(
    'fetch: expected `integrity` to have a hash in base64 behind sha256-, sha384- or sha512-, got none',
    'fetch',
  );
}

/**
 * Collects a body and checks it.
 *
 * @param limit - The most bytes to collect.
 * @throws `IoError` when it is another one; `LimitError` above the limit; what reading it fails with
 */
export async function checkedBytes(
  body: Body,
  { algorithm, hashes }: Integrity,
  limit: number,
): Promise<Bytes> {
  const pieces = new PieceCollector();
  for await (const piece of body) {
    pieces.add(piece);
    // Leaving the loop closes the connection.
    if (pieces.size > limit) throw tooLong(limit);
  }
  const bytes = pieces.join();
  const hash = createHash(algorithm).update(bytes).digest('base64').replace(/=+$/, '');
  if (!hashes.has(hash))
    throw mismatch(`the ${algorithm} hash of the body is none of those in \`integrity\``);
  return bytes as Bytes;
}

/** A response to HEAD, for example. */
export function withoutBody(): IoError {
  return mismatch('the response has no body, and one is asked for by `integrity`');
}

function mismatch(what: string): IoError {
  return new IoError(`fetch: integrity mismatch: ${what}`, {
    code: 'ERR_HTTP_INTEGRITY',
    operation: 'fetch',
  });
}

function tooLong(limit: number): LimitError {
  return new LimitError(
    `fetch: a body with \`integrity\` is collected to be checked, and is longer than ${limit} bytes; raise \`integrityBytes\` of createFetch`,
    { code: 'ERR_BODY_TOO_LONG', operation: 'fetch', limitName: 'integrityBytes', limit },
  );
}
