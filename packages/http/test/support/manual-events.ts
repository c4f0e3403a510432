/** What the tests of event streams share: a source that is pushed into, and a server of one. */

import { events, type EventsOptions, type EventsSource } from '../../src/batteries/index.ts';
import type { Handler, HttpResponse } from '../../src/index.ts';
import type { World } from './simulated.ts';

export const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A source that a test pushes into; `log` says how it was treated. */
export function manual() {
  const log: string[] = [];
  const queue: IteratorResult<string>[] = [];
  let answer: ((result: IteratorResult<string>) => void) | undefined;
  const give = (result: IteratorResult<string>): void => {
    if (answer === undefined) queue.push(result);
    else answer(result);
    answer = undefined;
  };
  const iterator: AsyncIterator<string> = {
    next: () => {
      log.push('next');
      const ready = queue.shift();
      if (ready !== undefined) return Promise.resolve(ready);
      return new Promise((resolve) => (answer = resolve));
    },
    return: async () => {
      log.push('return');
      return { done: true, value: undefined };
    },
  };
  return {
    log,
    source: { [Symbol.asyncIterator]: () => iterator },
    push: (value: string) => {
      give({ done: false, value });
    },
    end: () => {
      give({ done: true, value: undefined });
    },
  };
}

/** The pieces of a response: the body of an event stream is its iterator, which the type of a body does not say. */
export const piecesOf = (response: HttpResponse): AsyncIterator<string> =>
  response.body as unknown as AsyncIterator<string>;

/** Serves an event stream with the world's clock, and opens it. */
export async function open(
  world: World,
  source: EventsSource,
  options: EventsOptions = {},
  fields = '',
) {
  const handler: Handler = (request, context) => events(source, { request, context, ...options });
  const server = await world.serve(handler);
  const wire = await world.connect();
  await wire.send(GET.replace('\r\n\r\n', `\r\n${fields}\r\n`));
  return { server, wire, head: await wire.head() };
}

/** A chunk of a chunked body. */
export const chunk = (piece: string): string => `${piece.length.toString(16)}\r\n${piece}\r\n`;

/** One turn of the loop. */
export const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));
