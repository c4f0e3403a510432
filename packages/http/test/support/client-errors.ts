/** The errors of a client, each made as a program would meet it: messages.test.ts looks at them. */
import { gzipSync } from 'node:zlib';
import { MemoryListener, memoryPair } from '@awaitio/core';
import { call, contract } from '../../src/contract/index.ts';
import {
  createFetch,
  followEvents,
  HttpClient,
  HttpResponse,
  serve,
  type HttpClientOptions,
} from '../../src/index.ts';
import { Wire } from './wire.ts';

const OK = 'HTTP/1.1 200 OK\r\n';

/** What using the response to these bytes fails with. */
async function using(
  answer: string,
  use: (client: HttpClient) => Promise<unknown>,
  options: HttpClientOptions = {},
): Promise<void> {
  const [here, there] = memoryPair();
  const client = new HttpClient({ connect: async () => here, ...options });
  const wire = new Wire(there);
  void wire.head().then(
    () => wire.send(answer),
    () => {},
  );
  try {
    await use(client);
  } finally {
    await client.close();
    wire.stream.reset();
  }
}

/** What the `TypeError` of a `fetch` that is answered so is caused by. */
const fetching = (answer: string, init: RequestInit): Promise<void> =>
  using(answer, async (client) => {
    try {
      await createFetch(client)('http://server/SECRET?SECRET', init);
    } catch (error) {
      throw (error as TypeError).cause;
    }
  });

const URL_ = 'http://user:SECRET@server/SECRET?SECRET';
const withLength = (fields: string, body: string): string =>
  `${OK}${fields}Content-Length: ${body.length}\r\n\r\n${body}`;
const all = async (each: AsyncIterable<unknown>): Promise<void> => {
  for await (const _one of each);
};

export const CLIENT_ERRORS: readonly {
  readonly code: string;
  readonly name: string;
  readonly says: string | RegExp;
  readonly make: () => Promise<void>;
}[] = [
  {
    code: 'ERR_HTTP_TOO_MANY_INFORMATIONAL',
    name: 'LimitError',
    says: 'request: the server sent more than 1 informational responses; raise `maxInformational` if it is to',
    make: () =>
      using('HTTP/1.1 103 SECRET\r\n\r\n'.repeat(2), (client) => client.get(URL_), {
        maxInformational: 1,
      }),
  },
  {
    code: 'ERR_HTTP_CONTENT_CODING',
    name: 'RemoteProtocolError',
    says: /^body: expected a Content-Encoding of gzip, deflate, br(?:, zstd)?, at most 4 of them, got another; set `decompress: false`/,
    make: () =>
      using(withLength('Content-Encoding: SECRET\r\n', 'x'), async (client) =>
        (await client.get(URL_)).text(),
      ),
  },
  {
    code: 'ERR_HTTP_BODY_EXPANDS',
    name: 'LimitError',
    says: 'body: it becomes more than 2 times as long when it is decoded; raise `maxExpansion` if it is to',
    make: () =>
      using(
        withLength(
          'Content-Encoding: gzip\r\n',
          gzipSync(Buffer.alloc(20_000_000)).toString('latin1'),
        ),
        async (client) => all((await client.get(URL_)).body),
        { maxExpansion: 2 },
      ),
  },
  {
    code: 'ERR_HTTP_STATUS_NOT_OK',
    name: 'HttpStatusError',
    says: 'throwIfNotOk: GET at http://server was answered with 404',
    make: () =>
      using(withLength('', 'SECRET').replace('200 OK', '404 SECRET'), async (client) =>
        (await client.get(URL_)).throwIfNotOk(),
      ),
  },
  {
    code: 'ERR_HTTP_STATUS_NOT_IN_CONTRACT',
    name: 'HttpStatusError',
    says: 'call: GET at http://server was answered with 206, which is not in the contract',
    make: () =>
      using(
        withLength('', 'SECRET').replace('200 OK', '206 SECRET'),
        (client) =>
          call(client, contract({ method: 'GET', path: '/SECRET', responses: { 204: null } }), {}),
        { baseUrl: URL_ },
      ),
  },
  {
    code: 'ERR_HTTP_RESPONSE_SCHEMA',
    name: 'ResponseSchemaError',
    says: 'json: the response does not match its schema, first in body.key',
    make: () =>
      using(withLength('', '"SECRET"'), async (client) =>
        (await client.get(URL_)).json({
          '~standard': {
            version: 1,
            vendor: 'test',
            validate: () => ({ issues: [{ message: 'SECRET', path: ['key'] }] }),
          },
        }),
      ),
  },
  {
    code: 'ERR_BODY_NOT_JSON',
    name: 'IoError',
    says: 'json: expected a body of JSON, got 6 characters that are none',
    make: () =>
      using(withLength('', 'SECRET'), async (client) => (await client.get(URL_)).body.json()),
  },
  {
    code: 'ERR_HTTP_RESPONSE_JSON',
    name: 'ResponseJsonError',
    says: 'lines: expected line 3 of JSON, got 7 characters that are none',
    make: () =>
      using(withLength('', '1\n\n"SECRET\n'), async (client) =>
        all(
          (await client.get(URL_)).lines({
            '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
          }),
        ),
      ),
  },
  {
    code: 'ERR_HTTP_LINE_TOO_LONG',
    name: 'LimitError',
    says: 'lines: a line is longer than 3 characters; raise `limit` if it is to',
    make: () =>
      using(withLength('', 'SECRET'), async (client) =>
        all((await client.get(URL_)).lines({ limit: 3 })),
      ),
  },
  {
    code: 'ERR_HTTP_EVENT_STREAM',
    name: 'RemoteProtocolError',
    says: 'followEvents: expected a response with the status 200 and the type text/event-stream, got another',
    make: () =>
      using(withLength('Content-Type: SECRET\r\n', 'SECRET'), (client) =>
        all(followEvents(client, URL_)),
      ),
  },
  {
    code: 'ERR_HTTP_EVENT_STREAM_SILENT',
    name: 'IoError',
    says: 'followEvents: 2 connections in a row brought no event',
    make: async () => {
      const listener = new MemoryListener();
      const headers = { 'Content-Type': 'text/event-stream' };
      await using server = await serve(() => HttpResponse.text(':SECRET', { headers }), {
        listener,
      });
      await using client = new HttpClient({ connect: () => listener.connect() });
      await all(followEvents(client, URL_, { retry: 0, maxFailures: 1 }));
      await server.shutdown();
    },
  },
  {
    code: 'ERR_HTTP_EVENT_TOO_LONG',
    name: 'LimitError',
    says: 'events: an event is longer than 3 characters; raise `limit` if it is to',
    make: () =>
      using(withLength('', 'data: SECRET\n\n'), async (client) =>
        all((await client.get(URL_)).events({ limit: 3 })),
      ),
  },
  {
    code: 'ERR_HTTP_PROXY',
    name: 'IoError',
    says: 'connect: the proxy http://proxy answered 407 when it was asked for a tunnel; it does not take the credentials in its URL',
    make: () =>
      using('HTTP/1.1 407 SECRET\r\n\r\n', (client) => client.get('https://server/SECRET'), {
        proxy: 'http://user:SECRET@proxy',
      }),
  },
  {
    code: 'ERR_HTTP_INTEGRITY',
    name: 'IoError',
    says: 'fetch: integrity mismatch: the sha256 hash of the body is none of those in `integrity`',
    make: () => fetching(withLength('', 'SECRET'), { integrity: 'sha256-SECRET' }),
  },
  {
    code: 'ERR_HTTP_REDIRECT',
    name: 'IoError',
    says: "fetch: a redirect was not followed: `redirect` is 'error'",
    make: () =>
      fetching('HTTP/1.1 302 SECRET\r\nLocation: /SECRET\r\nContent-Length: 0\r\n\r\n', {
        redirect: 'error',
      }),
  },
];
