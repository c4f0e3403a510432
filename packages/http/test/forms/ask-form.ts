/** A handler that reads a form, and what comes of it. */

import { MemoryListener } from '@awaitio/core';
import { HttpResponse, serve, type Handler, type HttpRequest } from '../../src/index.ts';

export const TYPE = 'multipart/form-data; boundary=b';
export const part = (name: string, body: string): string =>
  `--b\r\nContent-Disposition: form-data; name="${name}"\r\n\r\n${body}\r\n`;
export const THREE = `${part('a', 'one')}${part('b', 'two')}${part('c', 'three')}--b--\r\n`;

/** A body that comes in pieces, and then does not end. */
export function stalling(...pieces: readonly string[]): ReadableStream<Uint8Array> {
  return new ReadableStream({
    start(controller) {
      for (const piece of pieces) controller.enqueue(Buffer.from(piece));
    },
  });
}

/** What a handler makes of a form, and what was reported. */
export async function ask(
  handler: Handler,
  body: string | ReadableStream<Uint8Array> = THREE,
  type = TYPE,
): Promise<{ status: number; body: string; errors: unknown[] }> {
  const errors: unknown[] = [];
  const server = await serve(handler, {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
  });
  const answer = await server.fetch('http://test/', {
    method: 'POST',
    headers: { 'Content-Type': type },
    body,
    duplex: 'half',
  } as RequestInit);
  const text = await answer.text();
  await server.shutdown({ grace: 0, idleWindow: 0 });
  return { status: answer.status, body: text, errors };
}

const textOf = async (work: Promise<unknown>): Promise<HttpResponse> =>
  HttpResponse.json((await work) ?? null);
export const handling =
  (use: (request: HttpRequest) => Promise<unknown>): Handler =>
  (request) =>
    textOf(use(request));
export const valueOf = async (
  use: (request: HttpRequest) => Promise<unknown>,
  body?: string,
): Promise<unknown> => JSON.parse((await ask(handling(use), body)).body) as unknown;

/** What a promise rejects with. */
export const failureOf = (work: Promise<unknown>): Promise<unknown> =>
  work.then(
    () => undefined,
    (error: unknown) => error,
  );
