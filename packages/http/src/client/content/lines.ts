/** The lines of a body that is being received. Loaded with the first one. */

import { LimitError } from '@awaitio/core';
import { LineSplitter } from './line-splitter.ts';

/**
 * Splits a body into lines: LF or CR LF; a last one without an end counts, an empty rest does not.
 *
 * @param limit - The most characters of one line.
 * @throws `LimitError`; what the pieces throw
 */
export async function* linesOf(
  pieces: AsyncIterable<Uint8Array>,
  limit: number,
): AsyncGenerator<string> {
  const decoder = new TextDecoder();
  const splitter = new LineSplitter(false);
  for await (const piece of pieces) {
    for (const line of splitter.push(decoder.decode(piece, { stream: true }))) {
      checkLength(line, limit);
      yield line.endsWith('\r') ? line.slice(0, -1) : line;
    }
    checkLength(splitter.rest, limit);
  }
  const rest = splitter.rest + decoder.decode();
  if (rest !== '') yield rest;
}

function checkLength(line: string, limit: number): void {
  if (line.length <= limit) return;
  throw new LimitError(
    `lines: a line is longer than ${limit} characters; raise \`limit\` if it is to`,
    {
      code: 'ERR_HTTP_LINE_TOO_LONG',
      operation: 'lines',
      limitName: 'limit',
      limit,
    },
  );
}
