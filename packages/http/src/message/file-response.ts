/** Files as responses: read piece by piece while they are sent. */

import { open, stat } from 'node:fs/promises';
import { IoError } from '@awaitio/core';
import { checkOptions, invalidInput } from '@awaitio/core/lowlevel';
import { HttpProblem } from './problem.ts';
import {
  fieldsToSend,
  HttpResponse,
  RESPONSE_INIT,
  responseOf,
  type ResponseInit,
} from './response.ts';

/** How many bytes are read at a time; the same as Node's `createReadStream`. */
const PIECE = 65_536;
/** The errors of `stat` that mean 404. */
const NOT_THERE = new Set(['ENOENT', 'ENOTDIR', 'ENAMETOOLONG', 'ELOOP']);

/**
 * A file as a response: 200 with its length and `Last-Modified`, read as fast as the client takes it.
 *
 * The path is used as given. The caller must check that a path built from a request stays within the intended directory.
 *
 * @param init - As for other responses; `Content-Type` is `application/octet-stream` unless its headers have one.
 * @throws `HttpProblem` 404 when there is no such file; the file system's error for any other failure. If the file gets
 * shorter while it is sent, the connection is closed, because the announced length cannot be met.
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
  if ((typeof path !== 'string' || path === '') && !(path instanceof URL)) {
    throw invalidInput('fileResponse', 'path', 'a path, or a file: URL', path);
  }
  if (init !== undefined) checkOptions('fileResponse', init, RESPONSE_INIT);
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
  return responseOf(response.body, checked, [...fieldsToSend(response), ...modified]);
}

/** Opens the file when its first piece is pulled: a response to HEAD never opens it. */
async function* piecesOfFile(path: string | URL, size: number): AsyncGenerator<Uint8Array> {
  const file = await open(path);
  try {
    for (let at = 0; at < size;) {
      const piece = new Uint8Array(Math.min(PIECE, size - at));
      const { bytesRead } = await file.read(piece, 0, piece.length, at);
      if (bytesRead === 0) {
        throw new IoError('fileResponse: the file became shorter while it was being sent', {
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
