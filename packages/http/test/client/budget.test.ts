/** Requests and bodies that fail at once let the event loop turn. */

import { describe, expect, test } from '@jest/globals';
import { call as callContract } from '../../src/contract/index.ts';
import { echo, HttpClient, HttpResponse, serve, type HttpRequest } from '../../src/index.ts';
import { inspect } from '../../src/inspect/index.ts';
import { webSocket } from '../../src/websocket/index.ts';
import { turnsIn } from '../../../core/test/support/turns-in.ts';

const signal = AbortSignal.abort(new Error('aborted'));
const URL_ = 'http://server/';

describe('a loop over requests that fail at once lets the event loop turn:', () => {
  test.each<[string, (client: HttpClient) => unknown]>([
    ['with a signal that has aborted', (client) => client.get(URL_, { signal })],
    ['with a signal and a timeout', (client) => client.get(URL_, { signal, timeout: 5 })],
    ['with a wrong option', (client) => client.get(URL_, { timeout: -1 })],
    ['with a wrong URL', (client) => client.get('nonsense')],
    ['with a wrong header', (client) => client.get(URL_, { headers: { 'a b': 'c' } })],
    ['whose connect fails', (client) => client.get(URL_)],
    ['without TLS', (client) => client.get('https://server/')],
    ['close', (client) => client.close()],
  ])('%s', async (_name, call) => {
    const client = new HttpClient({
      connect: async () => {
        throw new Error('no');
      },
    });
    expect(await turnsIn(() => call(client))).toBe(true);
    await client.close();
  });

  test('of a closed client', async () => {
    const client = new HttpClient();
    await client.close();
    expect(await turnsIn(() => client.get(URL_))).toBe(true);
  });
});

describe('a loop over reads of a body lets the event loop turn:', () => {
  const reads: Record<string, (request: Pick<HttpRequest, 'body'>) => unknown> = {
    bytes: ({ body }) => body.bytes(),
    'bytes with a wrong limit': ({ body }) => body.bytes({ limit: -1 }),
    text: ({ body }) => body.text(),
    json: ({ body }) => body.json(),
    'an iteration': ({ body }) => body[Symbol.asyncIterator]().next(),
  };
  test.each(Object.entries(reads))('%s, of one that was read', async (_name, read) => {
    let served: boolean | undefined;
    const handler = echo();
    const server = await serve(
      async (request, context) => {
        const response = await handler(request, context);
        await request.body.bytes().catch(() => {});
        served = await turnsIn(() => read(request));
        return response;
      },
      { port: 0 },
    );
    await using client = new HttpClient();
    const response = await client.post(server.url, 'hello');
    expect(await response.text()).toBe('echo: hello');
    expect(served).toBe(true);
    expect(await turnsIn(() => read(response))).toBe(true);
    await server.shutdown();
    expect(await turnsIn(() => server.shutdown())).toBe(true);
    expect(await turnsIn(() => server.shutdown({ grace: -1 }))).toBe(true);
  });
});

test('a loop over calls of serve with wrong options lets the event loop turn', async () => {
  expect(await turnsIn(() => serve(echo(), { port: -1 }))).toBe(true);
});

describe('a loop over calls of other entries that fail at once lets the event loop turn:', () => {
  test('webSocket, for a request that asks for none', async () => {
    let turned: boolean | undefined;
    const server = await serve(
      async (request, context) => {
        turned = await turnsIn(() => webSocket(request, context));
        return HttpResponse.empty();
      },
      { port: 0 },
    );
    await using client = new HttpClient();
    expect((await client.get(server.url)).status).toBe(204);
    expect(turned).toBe(true);
    await server.shutdown();
  });

  test('webSocket, with wrong arguments', async () => {
    expect(await turnsIn(() => webSocket(null as never, null as never))).toBe(true);
  });

  test('call of a contract, with wrong arguments', async () => {
    expect(await turnsIn(() => callContract(null as never, null as never, null as never))).toBe(
      true,
    );
  });

  test('inspect, with wrong options', async () => {
    expect(await turnsIn(() => inspect({ port: -1 }))).toBe(true);
  });
});
