/** A single file as a response. */

import { checkOptions, invalidInput, type OptionTable } from '@awaitio/core/lowlevel';
import { HttpProblem } from '../message/problem.ts';
import { HttpRequest } from '../message/request.ts';
import { RESPONSE_INIT, type HttpResponse, type ResponseInit } from '../message/response.ts';
import { openFile } from './open-file.ts';
import { represent } from './represent.ts';

/** Options of {@link fileResponse}. */
export interface FileResponseInit extends Omit<ResponseInit, 'length'> {
  /** The request to answer: its conditions and ranges are met. @default the whole file, whatever was asked */
  readonly request?: HttpRequest | undefined;
}

const { length: _, ...OTHERS } = RESPONSE_INIT;
const FILE_RESPONSE_INIT: OptionTable<FileResponseInit> = {
  ...OTHERS,
  request: {
    expected: 'the HttpRequest of the handler',
    accepts: (value) => value instanceof HttpRequest,
  },
};

/**
 * A file as a response: with its length, `Last-Modified` and `ETag`, read as fast as the client takes it.
 *
 * With `request` it answers what was asked: 304 or 412 by its conditions (RFC 9110 section 13), 206 with one or several
 * ranges, 416 where the file has none of them (section 14), and the head alone to HEAD. Without `request` it is the whole.
 *
 * The path is used as given: {@link staticFiles} serves a folder that no path leaves. The file is open until the response's
 * body was sent or given up; a response that is not returned has to be closed by `response.body.return()`.
 *
 * @param path - Of the file.
 * @param init - As for other responses, and `request`. `Content-Type` is `application/octet-stream` unless its headers have
 * one; `ETag` and `Last-Modified` of its headers take the place of the file's.
 * @throws `HttpProblem` 404 when there is no such file, or it is no regular file; `HttpProblem` 403 when it may not be read;
 * the file system's error for any other failure; `InvalidInputError` for a wrong option. If the file gets shorter while it is
 * sent, the connection is closed, because the announced length cannot be met.
 *
 * @example
 * ```ts
 * import { serve } from '@awaitio/http';
 * import { fileResponse } from '@awaitio/http/batteries';
 *
 * const server = await serve((request) => fileResponse('package.json', { request }), { port: 0 });
 * const answer = await fetch(server.url, { headers: { range: 'bytes=0-0' } });
 * console.log(answer.status, await answer.text()); // 206 {
 * await server.shutdown();
 * ```
 */
export async function fileResponse(
  path: string | URL,
  init?: FileResponseInit,
): Promise<HttpResponse> {
  if (typeof path !== 'string' && !(path instanceof URL)) {
    throw invalidInput('fileResponse', 'path', 'a path or a file URL', path);
  }
  if (init !== undefined) checkOptions('fileResponse', init, FILE_RESPONSE_INIT);
  const { request, ...others } = init ?? {};
  const file = await openFile(path, undefined);
  if (file === 'forbidden') throw new HttpProblem(403, { detail: 'the file may not be read' });
  if (typeof file === 'string') throw new HttpProblem(404, { detail: 'there is no such file' });
  return represent(file, request, others);
}
