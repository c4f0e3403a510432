/**
 * Every public call, with every kind of wrong argument: it is refused with a typed error, and nothing is left behind.
 *
 * A new public name makes this file fail until it has a recipe here: a right call of it, made anew each time.
 */
import { Executor, memoryPair, MemoryListener } from '@awaitio/core';
import { subscribe, tracingChannel, unsubscribe } from 'node:diagnostics_channel';
import { fileURLToPath } from 'node:url';
import { testWrongArguments } from '../../core/test/support/hostile-arguments.ts';
import type { Recipe, Subject } from '../../core/test/support/hostile-calls.ts';
import * as batteries from '../src/batteries/index.ts';
import * as contracts from '../src/contract/index.ts';
import * as http from '../src/index.ts';
import * as inspector from '../src/inspect/index.ts';
import * as crossws from '../src/adapters/crossws/index.ts';
import * as otel from '../src/otel/index.ts';
import * as websocket from '../src/websocket/index.ts';

const { HttpClient, HttpProblem, HttpResponse, serve } = http;

const parsed = 'the parser makes it; programs only read it';
const byProgram = 'programs implement it, awaitio calls it';
const protocol = 'the protocol alone, for code that builds on it: says less about misuse';
const error = 'an error that throws would hide what it is about';

const plain =
  (target: unknown, args: () => readonly unknown[], release = (): void => {}): Recipe =>
  () => ({ target, args: args(), release });

/** A server over streams in memory, on a separate executor. */
async function serveInMemory(
  handler: http.Handler,
): Promise<{ server: http.HttpServer; client: http.HttpClient; end: () => Promise<void> }> {
  const listener = new MemoryListener();
  const executor = new Executor();
  const server = await serve(handler, { listener, executor, onError: () => {} });
  const client = new HttpClient({ connect: () => listener.connect() });
  return {
    server,
    client,
    end: async () => {
      await client.close();
      await server.shutdown({ grace: 0, idleWindow: 0 });
      await executor.idle({ timeout: 1_000 });
    },
  };
}

/** A call inside a handler, on its request or its context. */
const inHandler =
  (
    pick: (request: http.HttpRequest, context: http.HandlerContext) => unknown,
    ...args: unknown[]
  ): Recipe =>
  async () => {
    let answer = (_response: http.HttpResponse): void => {};
    let given = (_target: unknown): void => {};
    const target = new Promise<unknown>((resolve) => {
      given = resolve;
    });
    const { client, end } = await serveInMemory((request, context) => {
      given(pick(request, context));
      return new Promise((resolve) => {
        answer = resolve;
      });
    });
    const response = client
      .post('http://memory/', '{"a":1}', { headers: { 'Content-Type': 'application/json' } })
      .catch(() => {});
    return {
      target: await target,
      args,
      release: async () => {
        answer(HttpResponse.empty());
        await response;
        await end();
      },
    };
  };

const onResponse =
  (pick: (response: http.ClientResponse) => unknown, ...args: unknown[]): Recipe =>
  async () => {
    const { client, end } = await serveInMemory(() => HttpResponse.json({ a: 1 }));
    const response = await client.get('http://memory/');
    return { target: pick(response), args, release: end };
  };

const onClient =
  (...args: unknown[]): Recipe =>
  async () => {
    const { client, end } = await serveInMemory(() => HttpResponse.text('fine'));
    return { target: client, args, release: end };
  };

const onServer =
  (...args: unknown[]): Recipe =>
  async () => {
    const { server, end } = await serveInMemory(() => HttpResponse.text('fine'));
    return {
      target: server,
      args: args.map((arg) => (arg === 'stream' ? memoryPair()[0] : arg)),
      release: end,
    };
  };

const ANY_SCHEMA: http.Schema<unknown> = {
  '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) },
};
const URL_IN_MEMORY = 'http://memory/';

const each = (owner: string, names: readonly string[], reason: string): Record<string, string> =>
  Object.fromEntries(names.map((name) => [`${owner}.${name}`, reason]));

const onHeaders =
  (...args: unknown[]): Recipe =>
  async () => {
    const { client, end } = await serveInMemory(() => HttpResponse.text('fine'));
    const response = await client.get(URL_IN_MEMORY);
    return { target: response.headers, args, release: end };
  };

/** What a tracer of a client gets. */
async function aTrace(): Promise<http.ClientRequestTrace> {
  const { start } = tracingChannel<unknown, object>(http.TRACING_CHANNELS.clientRequest);
  let trace: unknown;
  const subscriber = (message: unknown): void => {
    trace = message;
  };
  subscribe(start.name, subscriber);
  const { client, end } = await serveInMemory(() => HttpResponse.empty());
  await client.get(URL_IN_MEMORY);
  unsubscribe(start.name, subscriber);
  await end();
  return trace as http.ClientRequestTrace;
}

const RECIPES: Readonly<Record<string, Recipe>> = {
  'Body.bytes': onResponse((response) => response.body, {}),
  'Body.text': onResponse((response) => response.body, {}),
  'Body.json': onResponse((response) => response.body, {}),
  'ClientResponse.bytes': onResponse((response) => response, {}),
  'ClientResponse.text': onResponse((response) => response, {}),
  'ClientResponse.lines': onResponse((response) => response, ANY_SCHEMA, {}),
  'ClientResponse.events': onResponse((response) => response, {}),
  'ClientResponse.json': onResponse((response) => response, ANY_SCHEMA, {}),
  'new Data': parsed,
  'new EndOfMessage': parsed,
  'FetchApplication.fetch': byProgram,
  'FetchExecutionContext.waitUntil': 'as HandlerContext.waitUntil',
  'HandlerContext.informational': inHandler((_request, context) => context, 103, {}),
  'HandlerContext.upgrade': inHandler((_request, context) => context, {}),
  'HandlerContext.setDeadline': inHandler((_request, context) => context, 1_000),
  'HandlerContext.waitUntil': inHandler((_request, context) => context, Promise.resolve()),
  'new Headers': parsed,
  'Headers.append': onHeaders('content-type', 'a/b'),
  'Headers.delete': onHeaders('content-type'),
  'Headers.forEach': onHeaders(() => {}),
  'Headers.get': onHeaders('content-type'),
  'Headers.getAll': onHeaders('content-type'),
  'Headers.has': onHeaders('content-type'),
  'Headers.set': onHeaders('content-type', 'a/b'),
  'new HttpClient': plain(HttpClient, () => [{}]),
  'HttpClient.get': onClient(URL_IN_MEMORY, {}),
  'HttpClient.head': onClient(URL_IN_MEMORY, {}),
  'HttpClient.post': onClient(URL_IN_MEMORY, 'body', {}),
  'HttpClient.put': onClient(URL_IN_MEMORY, 'body', {}),
  'HttpClient.patch': onClient(URL_IN_MEMORY, 'body', {}),
  'HttpClient.options': onClient(URL_IN_MEMORY, {}),
  'HttpClient.delete': onClient(URL_IN_MEMORY, {}),
  'HttpClient.request': onClient('GET', URL_IN_MEMORY, {}),
  ...each('HttpConnection', ['sendResponse', 'sendRequest', 'sendEnd'], protocol),
  'new HttpProblem': plain(HttpProblem, () => [404, {}]),
  'HttpRequest.query': inHandler((request) => request, ANY_SCHEMA),
  'HttpRequest.bytes': inHandler((request) => request, {}),
  'HttpRequest.text': inHandler((request) => request, {}),
  'HttpRequest.json': inHandler((request) => request, ANY_SCHEMA, {}),
  'HttpRequest.form': inHandler((request) => request, ANY_SCHEMA, {}),
  'new HttpResponse': plain(HttpResponse, () => ['body', {}]),
  'HttpResponse::text': plain(HttpResponse, () => ['body', {}]),
  'HttpResponse::json': plain(HttpResponse, () => [{}, {}]),
  'HttpResponse::bytes': plain(HttpResponse, () => [new Uint8Array(1), {}]),
  'HttpResponse::stream': plain(HttpResponse, () => [['body'], {}]),
  'HttpResponse::problem': plain(HttpResponse, () => [new HttpProblem(404), {}]),
  'HttpResponse::empty': plain(HttpResponse, () => [{}]),
  'HttpServer.serveStream': onServer('stream'),
  'HttpServer.fetch': onServer(URL_IN_MEMORY, {}),
  'HttpServer.shutdown': onServer({ grace: 0, idleWindow: 0 }),
  'new ProtocolError': error,
  'new RemoteProtocolError': error,
  'new RequestHead': parsed,
  'new ResponseHead': parsed,
  'ClientRequestTrace.setHeader': (async () => {
    const trace = await aTrace();
    return { target: trace, args: ['traceparent', 'a'], release: () => {} };
  }) satisfies Recipe,
  accessLog: plain(http.accessLog, () => [{}]),
  createFetch: async () => {
    const { client, end } = await serveInMemory(() => HttpResponse.text('fine'));
    return { target: http.createFetch, args: [client, {}], release: end };
  },
  followEvents: async () => {
    const { client, end } = await serveInMemory(() => HttpResponse.empty());
    return { target: http.followEvents, args: [client, URL_IN_MEMORY, {}], release: end };
  },
  failedRequestOf: plain(http.failedRequestOf, () => [new Error('any')]),
  'new HttpStatusError': error,
  'new ResponseJsonError': error,
  'new ResponseSchemaError': error,
  echo: plain(http.echo, () => [{}]),
  errorResponse: plain(http.errorResponse, () => [404, {}]),
  readProxyHeader: () => {
    const [a, b] = memoryPair();
    return {
      target: http.readProxyHeader,
      args: [a, {}],
      release: () => {
        a.reset();
        b.reset();
      },
    };
  },
  serve: plain(serve, () => [() => HttpResponse.text('fine'), { listener: new MemoryListener() }]),
  withHealth: plain(http.withHealth, () => [() => HttpResponse.text('fine'), {}]),
};
// One that exists would be opened, and its response is not sent.
const MISSING = new URL('./there-is-no-such-file', import.meta.url);

/** A call of a function on the request of a handler. */
const withRequest =
  (target: unknown, ...args: unknown[]): Recipe =>
  async () => {
    const subject = await (inHandler((request) => request) as () => Promise<Subject>)();
    return { ...subject, args: [subject.target, ...args], target };
  };
const answering = (): http.HttpResponse => HttpResponse.text('fine');
/** A call on the first part of a form. */
const onPart =
  (...args: unknown[]): Recipe =>
  async () => {
    let given = (_part: unknown): void => {};
    const target = new Promise<unknown>((resolve) => {
      given = resolve;
    });
    let answer = (): void => {};
    const { client, end } = await serveInMemory(async (request) => {
      for await (const part of batteries.multipart(request)) {
        given(part);
        await new Promise<void>((resolve) => {
          answer = resolve;
        });
      }
      return HttpResponse.empty();
    });
    const body = '--b\r\nContent-Disposition: form-data; name="a"\r\n\r\nx\r\n--b--';
    const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
    const response = client.post('http://memory/', body, { headers }).catch(() => {});
    return {
      target: await target,
      args,
      release: async () => {
        answer();
        await response;
        await end();
      },
    };
  };
const KEYS = ['0123456789abcdef0123456789abcdef'];

const BATTERIES: Readonly<Record<string, Recipe>> = {
  compress: plain(batteries.compress, () => [() => HttpResponse.text('fine'), {}]),
  events: plain(batteries.events, () => [[], {}]),
  fetchHandler: plain(batteries.fetchHandler, () => [{ fetch: () => new Response('fine') }]),
  'new CookieSigner': plain(batteries.CookieSigner, () => [{ keys: KEYS }]),
  'CookieSigner.sign': plain(new batteries.CookieSigner({ keys: KEYS }), () => ['a', 'b']),
  'CookieSigner.verify': plain(new batteries.CookieSigner({ keys: KEYS }), () => ['a', 'b.c']),
  'new MultipartError': error,
  'MultipartPart.bytes': onPart({}),
  'MultipartPart.text': onPart({}),
  basicAuth: plain(batteries.basicAuth, () => [answering, { users: { a: 'b' } }]),
  basicAuthUser: withRequest(batteries.basicAuthUser),
  clearCookie: plain(batteries.clearCookie, () => ['a', {}]),
  cors: plain(batteries.cors, () => [answering, {}]),
  formData: withRequest(batteries.formData, {}),
  loadShedding: plain(batteries.loadShedding, () => [answering, {}]),
  metrics: plain(batteries.metrics, () => [{ statistics: () => ({}) }, new Executor(), {}]),
  multipart: withRequest(batteries.multipart, {}),
  parseCookies: plain(batteries.parseCookies, () => ['a=b']),
  rateLimit: plain(batteries.rateLimit, () => [answering, { rate: 1 }]),
  requestId: plain(batteries.requestId, () => [answering, {}]),
  requestIdOf: withRequest(batteries.requestIdOf),
  serverTiming: plain(batteries.serverTiming, () => [answering, {}]),
  setCookie: plain(batteries.setCookie, () => ['a', 'b', {}]),
  // Without the flag, a right call fails too, after its options were checked.
  showInDevTools: plain(batteries.showInDevTools, () => [{}]),
  timing: withRequest(batteries.timing, 'a', 1, 'b'),
  fileResponse: plain(batteries.fileResponse, () => [MISSING, {}]),
  staticFiles: plain(batteries.staticFiles, () => [
    fileURLToPath(new URL('.', import.meta.url)),
    {},
  ]),
};

/** A WebSocket to a server in memory that sends everything back. */
async function echoSocket(): Promise<{ socket: websocket.WebSocket; end: () => Promise<void> }> {
  const { client, end } = await serveInMemory(async (request, context) => {
    const socket = await websocket.webSocket(request, context);
    for await (const message of socket) await socket.send(message);
  });
  const socket = await websocket.connectWebSocket('ws://memory/', { client });
  return {
    socket,
    end: async () => {
      await socket.close();
      await end();
    },
  };
}
const onSocket =
  (
    args: (socket: websocket.WebSocket) => readonly unknown[],
    pick = (socket: websocket.WebSocket): unknown => socket,
  ): Recipe =>
  async () => {
    const { socket, end } = await echoSocket();
    return { target: pick(socket), args: args(socket), release: end };
  };

const INSPECTOR: Readonly<Record<string, Recipe>> = {
  inspect: plain(
    async (options: object) => {
      const opened = await inspector.inspect(options);
      await opened.close();
    },
    () => [{ port: 0 }],
  ),
};

const PLATFORMS = 'the errors, and what is converted to text, are those of browsers';

const WEBSOCKET: Readonly<Record<string, Recipe>> = {
  'EventSocket.close': PLATFORMS,
  'EventSocket.send': PLATFORMS,
  'new BrowserWebSocket': PLATFORMS,
  'new CloseEvent': 'an event is made here only',
  'new ErrorEvent': 'an event is made here only',
  'new EventSocket': 'as WebSocket.toEventTarget, which makes it',
  'MessageStream.read': async () => {
    const { socket, end } = await echoSocket();
    await socket.send('hello');
    return { target: await socket.receiveStream(), args: [{ timeout: 1 }], release: end };
  },
  'WebSocket.receiveStream': onSocket(() => [{ timeout: 1 }]),
  'WebSocket.sendStream': onSocket(() => [['hello'], {}]),
  'WebSocket.toEventTarget': onSocket(() => [{}]),
  'WebSocketStreams.close': onSocket(
    () => [{}],
    (socket) => socket.toWeb(),
  ),
  'new Topic': plain(websocket.Topic, () => [{}]),
  'Topic.join': onSocket(
    (socket) => [socket],
    () => new websocket.Topic(),
  ),
  'Topic.leave': onSocket(
    (socket) => [socket],
    () => new websocket.Topic(),
  ),
  'Topic.publish': plain(new websocket.Topic(), () => ['news']),
  'WebSocket.close': onSocket(() => [1000, 'bye']),
  'WebSocket.receive': onSocket(() => [{ timeout: 1 }]),
  'WebSocket.reset': 'any value may be a reason',
  'WebSocket.send': onSocket(() => ['hello', {}]),
  'new WebSocketError': error,
  'new WebSocketHandshakeError': error,
  connectWebSocket: async () => {
    const { client, end } = await serveInMemory(async (request, context) => {
      const socket = await websocket.webSocket(request, context);
      await socket.closed;
    });
    return { target: websocket.connectWebSocket, args: ['ws://memory/', { client }], release: end };
  },
  webSocket: async () => {
    const subject = await (
      inHandler((request, context) => [request, context]) as () => Promise<Subject>
    )();
    return {
      ...subject,
      args: [...(subject.target as unknown[]), {}],
      target: websocket.webSocket,
    };
  },
};

const DEFINITION = { method: 'GET', path: '/', responses: { 204: null } } as const;
const EMPTY = contracts.contract(DEFINITION);
const empty = (): { status: 204 } => ({ status: 204 });

const CONTRACTS: Readonly<Record<string, Recipe>> = {
  call: async () => {
    const { client, end } = await serveInMemory(() => HttpResponse.empty());
    const asking = { request: (method: string) => client.request(method, URL_IN_MEMORY) };
    return { target: contracts.call, args: [asking, EMPTY, {}, {}], release: end };
  },
  contract: plain(contracts.contract, () => [DEFINITION]),
  'new Contract': 'as contract, which makes it',
  contractHandler: plain(contracts.contractHandler, () => [
    [contracts.implement(EMPTY, empty)],
    {},
  ]),
  implement: plain(contracts.implement, () => [EMPTY, empty, {}]),
  openApi: plain(contracts.openApi, () => [[EMPTY], { title: 'x', version: '1' }, {}]),
};

const OTEL: Readonly<Record<string, Recipe>> = {
  // What it began would be there in the next file too.
  instrument: plain(
    (options: object) => {
      otel.instrument(options)();
    },
    () => [{}],
  ),
};

const EXCEPTIONS: Readonly<Record<string, readonly string[]>> = {
  'events(source)': ['array', 'function'],
  'Topic.publish(message)': ['string'],
  'WebSocket.send(message)': ['string'],
  'WebSocket.sendStream(source)': ['array'],
  'WebSocketStreams.close(info)': ['array', 'object'],
  // A contract without parts takes any object.
  'call(input)': ['array', 'object'],
  'implement(answer)': ['function'],
  'HandlerContext.waitUntil(work)': ['object'],
  'HttpClient.post(body)': ['array', 'undefined'],
  'HttpClient.put(body)': ['array', 'undefined'],
  'HttpClient.patch(body)': ['array', 'undefined'],
  'ClientResponse.lines(schema)': ['undefined', 'object'],
  'new HttpResponse(body)': ['null'],
  // As `new Request` takes them.
  'HttpServer.fetch(init)': ['null', 'function'],
  'ClientResponse.json(schema)': ['undefined', 'object'],
  'HttpRequest.json(schema)': ['undefined', 'object'],
  'HttpRequest.form(schema)': ['undefined', 'object'],
  'HttpRequest.query(schema)': ['undefined'],
};

const CROSSWS: Readonly<Record<string, Recipe>> = {
  crosswsAdapter: plain(crossws.crosswsAdapter, () => [{}]),
  'CrosswsAdapter.handleUpgrade': async () => {
    const subject = await (
      inHandler((request, context) => [request, context]) as () => Promise<Subject>
    )();
    const [request, context] = subject.target as unknown[];
    const info = { remoteAddress: '', request, context };
    return {
      ...subject,
      args: [new Request('http://memory/'), info],
      target: crossws.crosswsAdapter(),
    };
  },
};

const isTyped = (reason: unknown): boolean =>
  reason instanceof http.ProtocolError ||
  reason instanceof HttpProblem ||
  reason instanceof http.ClientGoneError;

testWrongArguments(
  'http',
  {
    index: RECIPES,
    batteries: BATTERIES,
    websocket: WEBSOCKET,
    contract: CONTRACTS,
    inspect: INSPECTOR,
    crossws: CROSSWS,
    otel: OTEL,
  },
  {
    exceptions: EXCEPTIONS,
    isTyped,
    // As documented for headers and statuses that must not be sent.
    refuses: (reason) => reason instanceof http.LocalProtocolError,
    turns: 30,
  },
);
