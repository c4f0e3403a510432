/** Files as responses: read while they are sent, never as a whole. */

import { open, stat } from 'node:fs/promises';
import { IoError } from '@awaitio/core';
import { HttpProblem } from './problem.ts';
import { HttpResponse, responseOf, type ResponseInit } from './response.ts';

/** How many bytes are read at a time: Node's own `createReadStream` reads as many. */
const PIECE = 65_536;
/** What a path that leads to no file fails with. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

/**
 * A file as a response: 200 with its length and `Last-Modified`, read as fast as the client takes it.
 *
 * The path is used as it is. A path made of a request must have been checked to lead nowhere else.
 *
 * @param init - As for other responses; `Content-Type` is `application/octet-stream` unless its headers say another.
 * @throws `HttpProblem` 404 when there is no file; the file system's error for another failure. A file that gets shorter
 * while it is sent ends the connection, since its length was announced.
 *
 * @example
 * ```ts
 * import { fileResponse, serve } from '@awaitio/http';
 *
 * const server = await serve(() => fileResponse('package.json'), { port: 0 });
 * const answer = await fetch(server.url);
 * console.log(answer.status, (await answer.text()).startsWith('{')); // 200 true
 * await server.shutdown();
 * ```
 */
export async function fileResponse(path: string | URL, init?: ResponseInit): Promise<HttpResponse> {
  const file = await stat(path).catch((error: unknown) => {
    if (NOT_THERE.has((error as NodeJS.ErrnoException).code ?? '')) throw notThere(error);
    throw error;
  });
  if (!file.isFile()) throw notThere(undefined);
  const response = HttpResponse.stream(piecesOfFile(path, file.size), {
    ...init,
    length: file.size,
  });
  const modified = ['Last-Modified', file.mtime.toUTCString()];
  const checked = { ...init, headers: undefined, length: file.size };
  return responseOf(response.body, checked, [...response.fields, ...modified]);
}

/** Opens the file when its first piece is asked for: an answer to HEAD never does. */
async function* piecesOfFile(path: string | URL, size: number): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    for (let at = 0; at < size;) {
      const piece = new Uint8Array(Math.min(PIECE, size - at));
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) {
        throw new IoError('the file became shorter while it was sent', {
          code: 'ERR_FILE_TRUNCATED',
          operation: 'fileResponse',
        });
      }
      at += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await file.close();
  }
}

function notThere(cause: unknown): HttpProblem {
  return new HttpProblem(404, { detail: 'there is no such file', cause });
}
