/**
 * Every class and every code of the HTTP part of docs/errors.md, made as a program would meet it, and its message: it says
 * what is wrong and with which part, what to do where that is known, and repeats nothing of a message but names and numbers.
 */
import { describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import { truncate, writeFile, rm } from 'node:fs/promises';
import { IoError, memoryPair, MemoryListener } from '@awaitio/core';
import {
  ClientGoneError,
  DEFAULT_LIMITS,
  echo,
  HttpClient,
  HttpConnection,
  HttpResponse,
  NEED_DATA,
  PAUSED,
  ProtocolError,
  readProxyHeader,
  serve,
  type Handler,
  type ServeOptions,
} from '../src/index.ts';
import { fileResponse, MultipartError, showInDevTools } from '../src/batteries/index.ts';
import { FORM_ERRORS } from './forms/form-errors.ts';
import { REQUEST_CASES } from './wire/request-cases.ts';
import { RESPONSE_CASES } from './wire/response-cases.ts';
import { WEBSOCKET_ERRORS } from './websocket/websocket-errors.ts';
import { CLIENT_ERRORS } from './support/client-errors.ts';
import { simulated, type World } from './support/simulated.ts';

const SECRET = 'SECRET';
const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');
const OK = { status: 200, fields: [], length: 0, date: '' };
const ASK = {
  method: 'GET',
  target: '/',
  fields: ['Host', 'a'],
  hasBody: false,
  length: undefined,
};

function drain(connection: HttpConnection): void {
  for (;;) {
    const event = connection.nextEvent();
    if (event === NEED_DATA || event === PAUSED) return;
  }
}

/** A server's connection that has received a request. */
function asked(request = GET): HttpConnection {
  const server = new HttpConnection('server');
  server.receive(bytes(request));
  drain(server);
  return server;
}

/** What a function throws on a simulated network. */
async function inWorld(run: (world: World) => unknown): Promise<unknown> {
  let failure: unknown;
  await simulated(async (world) => {
    try {
      await run(world);
    } catch (error) {
      failure = error;
    }
  });
  return failure;
}

/** What a handler's use of its request fails with. */
function inHandler(handler: Handler, body = SECRET, options?: ServeOptions): Promise<unknown> {
  let failure: unknown;
  return inWorld(async (world) => {
    await world.serve(async (request, context) => {
      try {
        return await handler(request, context);
      } catch (error) {
        failure = error;
        return HttpResponse.text('failed');
      }
    }, options);
    await (await world.client().post('http://server/', body)).text();
  }).then((outer) => failure ?? outer);
}

/** What comes of a request to a server that answers with these bytes and then closes. */
const answered = (answer: string): Promise<unknown> =>
  inWorld(async (world) => {
    const server = await world.listen();
    const asking = world.client().get('http://server/');
    asking.catch(() => {});
    const wire = await server.accept();
    await wire.send(answer);
    await wire.stream.close();
    await (await asking).text();
  });

interface Case {
  readonly code: string;
  readonly name: string;
  readonly says: string | RegExp;
  /** Throws, rejects with, or returns the error. */
  readonly make: () => unknown;
}

const LOCAL = 'LocalProtocolError';

const CASES: readonly Case[] = [
  ...CLIENT_ERRORS,
  ...FORM_ERRORS,
  ...WEBSOCKET_ERRORS,
  {
    code: 'ERR_NO_NETWORK_INSPECTION',
    name: 'IoError',
    says: 'showInDevTools: start Node with --inspect --experimental-network-inspection, without which the panel shows nothing',
    make: () => showInDevTools(),
  },
  {
    code: 'ERR_BODY_TOO_LONG',
    name: 'LimitError',
    says: 'bytes: the body is longer than 5 bytes; raise `limit`, or iterate over the body',
    make: () => inHandler(async (request) => HttpResponse.text(await request.text({ limit: 5 }))),
  },
  {
    code: 'ERR_BODY_USED',
    name: 'IoError',
    says: 'bytes: this body was read before; a body can be read once',
    make: () =>
      inHandler(async (request) => {
        await request.text();
        return HttpResponse.text(await request.text());
      }),
  },
  {
    code: 'ERR_FILE_TRUNCATED',
    name: 'IoError',
    says: 'fileResponse: the file became shorter while it was being sent',
    make: async () => {
      const path = '/tmp/awaitio-messages.txt';
      const pieces: Uint8Array[] = [];
      await writeFile(path, SECRET.repeat(100_000));
      try {
        const { body } = await fileResponse(path);
        await truncate(path, 10);
        for await (const piece of body as AsyncIterable<Uint8Array>) pieces.push(piece);
      } finally {
        await rm(path);
      }
    },
  },
  {
    code: 'ERR_HTTP_BODY_GONE',
    name: LOCAL,
    says: 'body: it was read after the answer was complete; read it before the handler returns',
    make: async () => {
      let late: (() => Promise<unknown>) | undefined;
      await inWorld(async (world) => {
        await world.serve((request) => {
          late = () => request.text();
          return HttpResponse.text('done');
        });
        const wire = await world.connect();
        await wire.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n${SECRET}`);
        await wire.response();
      });
      await late?.();
    },
  },
  {
    code: 'ERR_HTTP_BODY_TOO_LONG',
    name: LOCAL,
    says: 'the body is longer than its Content-Length: announced 2 bytes, got 5 so far',
    make: () => {
      const server = asked();
      server.sendResponse({ ...OK, length: 2 });
      server.sendData(5);
    },
  },
  {
    code: 'ERR_HTTP_BODY_TOO_SHORT',
    name: LOCAL,
    says: 'the body is shorter than its Content-Length: announced 2 bytes, got 0',
    make: () => {
      const server = asked();
      server.sendResponse({ ...OK, length: 2 });
      server.sendEnd();
    },
  },
  {
    code: 'ERR_HTTP_CLIENT_CLOSED',
    name: 'ClosedError',
    says: 'request: this client was closed',
    make: async () => {
      const client = new HttpClient();
      await client.close();
      await client.get('http://a/');
    },
  },
  {
    code: 'ERR_HTTP_CLIENT_CLOSED',
    name: 'BrokenError',
    says: 'close: the client was closed, with this request in progress',
    make: () =>
      inWorld(async (world) => {
        const server = await world.listen();
        const client = world.client();
        const asking = client.get('http://server/');
        asking.catch(() => {});
        await server.accept();
        await client.close();
        await asking;
      }),
  },
  {
    code: 'ERR_HTTP_SERVER_CLOSED',
    name: 'ClosedError',
    says: 'serveStream: this server is shutting down',
    make: async () => {
      const server = await serve(echo(), { listener: new MemoryListener() });
      await server.shutdown();
      server.serveStream(memoryPair()[0]);
    },
  },
  {
    code: 'ERR_HTTP_CLIENT_GONE',
    name: 'ClientGoneError',
    says: 'serve: the client closed the connection before the answer was complete',
    make: async () => {
      let reason: unknown;
      await inWorld(async (world) => {
        await world.serve(async (request) => {
          await new Promise((resolve) => {
            request.signal.addEventListener('abort', resolve);
          });
          reason = request.signal.reason;
          return HttpResponse.text('late');
        });
        const wire = await world.connect();
        await wire.send(GET);
        await world.sleep(10);
        wire.stream.reset();
        await world.sleep(10);
      });
      throw reason;
    },
  },
  {
    code: 'ECONNRESET',
    name: 'BrokenError',
    says: 'request: the server closed the connection before it answered',
    make: () => answered(''),
  },
  {
    code: 'ERR_HTTP_CONNECTION_ENDED',
    name: 'IoError',
    says: 'serve: the server is shutting down',
    make: async () => {
      let reason: unknown;
      await inWorld(async (world) => {
        const server = await world.serve(async (request) => {
          await new Promise((resolve) => {
            request.signal.addEventListener('abort', resolve);
          });
          reason = request.signal.reason;
          return HttpResponse.text('late');
        });
        const wire = await world.connect();
        await wire.send(GET);
        await world.sleep(10);
        await server.shutdown({ grace: 0 });
      });
      throw reason;
    },
  },
  {
    code: 'ERR_HTTP_DISCARDED',
    name: 'BrokenError',
    says: 'discard: the response was discarded',
    make: () =>
      inWorld(async (world) => {
        await world.serve(() => HttpResponse.text(SECRET.repeat(100_000)));
        const response = await world.client().get('http://server/');
        response.discard();
        await response.text();
      }),
  },
  {
    code: 'ERR_HTTP_HEADERS_RECEIVED',
    name: LOCAL,
    says: 'headers.set: expected fields of the program, got received ones, which cannot be changed; copy them, new Headers(headers)',
    make: () =>
      inHandler((request) => {
        request.headers.set(SECRET, SECRET);
        return HttpResponse.empty();
      }),
  },
  {
    code: 'ERR_HTTP_HEADER_NAME',
    name: LOCAL,
    says: /^expected a header name made of letters, digits and .*, got another character$/,
    make: () => HttpResponse.text('x', { headers: { [`${SECRET} x`]: '1' } }),
  },
  {
    code: 'ERR_HTTP_HEADER_VALUE',
    name: LOCAL,
    says: 'header X: expected a value of visible latin1 characters, spaces and tabs, got another character; encode it',
    make: () => HttpResponse.text('x', { headers: { X: `${SECRET}\r\n` } }),
  },
  {
    code: 'ERR_HTTP_CONTENT_LENGTH',
    name: LOCAL,
    says: 'Content-Length: expected 0, the length of the body, got 7',
    make: () => asked().sendWholeResponse({ ...OK, fields: ['Content-Length', '7'] }),
  },
  {
    code: 'ERR_HTTP_METHOD',
    name: LOCAL,
    says: /^request: expected a method made of letters, digits and .*, got another character$/,
    make: () => new HttpConnection('client').sendRequest({ ...ASK, method: `${SECRET} ` }),
  },
  {
    code: 'ERR_HTTP_TARGET',
    name: LOCAL,
    says: 'request: expected a target of visible ASCII characters, got another character; encode it',
    make: () => new HttpConnection('client').sendRequest({ ...ASK, target: `/${SECRET} ` }),
  },
  {
    code: 'ERR_HTTP_NO_BODY',
    name: LOCAL,
    says: 'data is sent only in a message with a body, and never none of it: a chunk of no bytes is the last one',
    make: () => {
      const server = asked();
      server.sendResponse({ ...OK, length: undefined });
      server.sendData(0);
    },
  },
  {
    code: 'ERR_HTTP_REASON',
    name: LOCAL,
    says: 'response: expected a reason of visible latin1 characters, spaces and tabs, got another character',
    make: () => asked().sendResponse({ ...OK, reason: `${SECRET}\n` }),
  },
  {
    code: 'ERR_HTTP_INFORMATIONAL_FIELD',
    name: LOCAL,
    says: 'informational: Content-Length belongs to the final response; leave it out',
    make: () => asked().sendInformational(103, { 'Content-Length': SECRET }),
  },
  {
    code: 'ERR_HTTP_UPGRADE',
    name: LOCAL,
    says: 'status 101: expected an Upgrade field that names the protocol that follows, since the request proposes several or none; got no such field',
    make: () =>
      asked(
        GET.replace('\r\n\r\n', '\r\nConnection: upgrade\r\nUpgrade: a, b\r\n\r\n'),
      ).sendResponse({ ...OK, status: 101 }),
  },
  {
    code: 'ERR_HTTP_STATE',
    name: LOCAL,
    says: /^a server in state \w+ may not send: /,
    make: () => asked().sendEnd(),
  },
  {
    code: 'ERR_HTTP_STATUS',
    name: LOCAL,
    says: 'response: expected a status from 200 to 999, or 101, got 99',
    make: () => asked().sendResponse({ ...OK, status: 99 }),
  },
  {
    code: 'ERR_HTTP_TRAILER',
    name: LOCAL,
    says: 'trailer Host: it has to come before the body; make it a header',
    make: () => {
      const server = asked();
      server.sendResponse({ ...OK, length: undefined });
      server.sendEnd(['Host', SECRET]);
    },
  },
  {
    code: 'ERR_HTTP_TRANSFER_ENCODING',
    name: LOCAL,
    says: 'Transfer-Encoding is chosen by awaitio; leave it out, and give a body of unknown length to have it chunked',
    make: () => asked().sendResponse({ ...OK, fields: ['Transfer-Encoding', SECRET] }),
  },
  {
    code: 'ERR_HTTP_TOO_MANY_REDIRECTS',
    name: 'IoError',
    says: 'request: more than 2 redirects: `maxRedirects` allows no more',
    make: () =>
      inWorld(async (world) => {
        const headers = { Location: `/${SECRET}` };
        await world.serve(() => HttpResponse.empty({ status: 302, headers }));
        await world.client({ maxRedirects: 2 }).get('http://server/');
      }),
  },
  {
    code: 'ERR_PROXY_HEADER',
    name: 'RemoteProtocolError',
    says: 'the PROXY header is malformed: not a version 1 header',
    make: async () => {
      const [a, b] = memoryPair();
      await a.writeAll(`PROXY ${SECRET}\r\n`);
      try {
        await readProxyHeader(b);
      } finally {
        a.reset();
        b.reset();
      }
    },
  },
];

/** The refusals of the wire tables: each as it is thrown by a connection that receives those bytes. */
const REFUSALS = [
  ...REQUEST_CASES.map((one) => ['server', one] as const),
  ...RESPONSE_CASES.map((one) => ['client', one] as const),
].flatMap(([role, one]) => {
  const code = /^refused (?:\d+ )?(\w+)/.exec(one.expect.at(-1) ?? '')?.[1];
  return code === undefined ? [] : [{ role, code, one }];
});

async function failureOf(make: () => unknown): Promise<unknown> {
  try {
    return await make();
  } catch (error) {
    return error;
  }
}

/** What a connection throws for these bytes. */
function refusalOf({ role, one }: (typeof REFUSALS)[number]): unknown {
  const connection = new HttpConnection(role, { ...DEFAULT_LIMITS, ...one.limits });
  try {
    if (role === 'client' && one.method !== null) {
      const method = one.method ?? 'GET';
      const fields =
        one.upgrade === true ? ['Host', 'a', 'Connection', 'upgrade', 'Upgrade', 'x'] : ASK.fields;
      connection.sendRequest({ ...ASK, method, fields });
      connection.sendEnd();
    }
    const all = bytes(one.bytes);
    let at = 0;
    for (let turn = 0; turn < 1_000 && at < all.length; turn += 1) {
      at += connection.receive(all.subarray(at));
      drain(connection);
    }
    connection.receiveEnd();
    drain(connection);
  } catch (error) {
    return error;
  }
  return undefined;
}

const [, PAGE = ''] = readFileSync(
  new URL('../../../docs/errors.md', import.meta.url),
  'utf8',
).split('## HTTP:');
/** Each code with its classes. */
const ROWS = [...PAGE.matchAll(/^\| `(E\w+)` +\| ([^|]+?) +\|/gm)].map(
  ([, code = '', classes = '']) => ({ code, classes }),
);

describe('the HTTP errors of docs/errors.md', () => {
  test('are all made here, by code and by side', () => {
    expect(ROWS.length).toBeGreaterThan(35);
    const made = [
      ...CASES.map(({ code, name }) => `${code} ${name}`),
      ...REFUSALS.map(({ code }) => `${code} RemoteProtocolError`),
      // Needs a client whose kernel is full: server/loopback.test.ts makes it.
      'ERR_HTTP_WRITE_STALL IoError',
    ];
    const missing = ROWS.flatMap(({ code, classes }) => {
      // In an event, which has no message; and what another test makes.
      if (classes.startsWith('in a')) return [];
      const names =
        classes === 'both' ? [LOCAL, 'RemoteProtocolError'] : [classes.replaceAll('`', '')];
      return names.map((name) => `${code} ${name}`).filter((one) => !made.includes(one));
    });
    expect(missing).toEqual([]);
  });

  test.each(CASES.map((one) => [one.code, one.name, one] as const))(
    '%s is a %s whose message says what is wrong, and what to do',
    async (code, name, { says, make }) => {
      const error = await failureOf(make);
      expect(error).toMatchObject({ code, name });
      const { message } = error as Error;
      const isSaid = typeof says === 'string' ? message === says : says.test(message);
      expect([message, says, isSaid]).toEqual([message, says, true]);
      const start = error instanceof IoError ? `${error.operation}: ` : '';
      expect(message.startsWith(start)).toBe(true);
      const known = [IoError, ProtocolError, ClientGoneError, MultipartError];
      const isKnown = known.some((one) => error instanceof one);
      expect(isKnown).toBe(true);
      expect(message).not.toMatch(/\n|\.$/);
      expect(message).not.toContain(SECRET);
    },
  );

  test('of a peer have constant messages, which name the part that is wrong', () => {
    const messages = new Map<string, Set<string>>();
    for (const refusal of REFUSALS) {
      const error = refusalOf(refusal);
      if (error === undefined) continue;
      expect(error).toMatchObject({ name: 'RemoteProtocolError' });
      const { code, message } = error as ProtocolError;
      messages.set(code, (messages.get(code) ?? new Set()).add(message));
    }
    const shown = Object.fromEntries(
      [...messages].map(([code, all]) => [code, [...all].toSorted()]),
    );
    expect(Object.keys(shown).length).toBeGreaterThan(15);
    for (const message of Object.values(shown).flat()) {
      expect(message).toMatch(
        /method|target|version|line|head|field|name|value|Content-Length|Transfer-Encoding|coding|request|CR or LF|HTTP\/1|chunk|trailer|body|Host|expectation|response|status|message|connection/i,
      );
      expect(message).not.toMatch(/\n|\.$/);
      expect(message.length).toBeLessThan(160);
    }
  });
});
