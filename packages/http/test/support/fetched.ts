/** One request to a handler by `server.fetch`, without a connection. */

import { MemoryListener } from '@awaitio/core';
import { serve, type Handler } from '../../src/index.ts';

export interface Fetched {
  readonly answer: Response;
  readonly body: string;
  /** What the server reported. */
  readonly errors: readonly unknown[];
}

export async function fetched(handler: Handler, init: RequestInit = {}): Promise<Fetched> {
  const errors: unknown[] = [];
  const server = await serve(handler, {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
  });
  const answer = await server.fetch('http://test/', init);
  const body = await answer.text();
  await server.shutdown({ grace: 0 });
  return { answer, body, errors };
}
