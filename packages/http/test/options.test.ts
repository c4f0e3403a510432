/** Every call that takes options says so when they are wrong, before it does anything. */
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, memoryPair, MemoryListener } from '@awaitio/core';
import {
  accessLog,
  echo,
  followEvents,
  HttpClient,
  HttpProblem,
  HttpResponse,
  readProxyHeader,
  serve,
  withHealth,
  type Handler,
  type HttpRequest,
} from '../src/index.ts';
import {
  basicAuth,
  clearCookie,
  compress,
  CookieSigner,
  cors,
  events,
  fileResponse,
  formData,
  loadShedding,
  metrics,
  multipart,
  rateLimit,
  requestId,
  serverTiming,
  setCookie,
  showInDevTools,
} from '../src/batteries/index.ts';
import { crosswsAdapter } from '../src/adapters/crossws/index.ts';
import { inspect } from '../src/inspect/index.ts';
import { instrument } from '../src/otel/index.ts';
import { connectWebSocket, Topic, webSocket } from '../src/websocket/index.ts';
import {
  contract,
  contractHandler,
  implement,
  openApi,
  type ContractInit,
} from '../src/contract/index.ts';
import { simulated } from './support/simulated.ts';
import {
  expectNoNull,
  failureOf,
  testOptions,
  type Call,
  type OptionCase,
} from '../../core/test/support/refused-options.ts';

const problem = new HttpProblem(404);

const DEFINITION = { method: 'GET', path: '/', responses: { 204: null } } as const;
const CONTRACT = contract(DEFINITION);
const INFO = { title: 'x', version: '1' };
const nothing = (): { status: 204 } => ({ status: 204 });
/** A definition with other options. */
const withDefinition: Call = (o: object | null) =>
  contract((o === null ? o : { ...DEFINITION, ...o }) as ContractInit);

/** `serve` on a listener in memory; a server that was made is shut down. */
const served: Call = async (options: object) => {
  const given = options === null ? options : { listener: new MemoryListener(), ...options };
  await using server = await serve(echo(), given);
  return server.address;
};

/** `shutdown` of a server, which is then shut down. */
const shutDown: Call = async (options) => {
  await using server = await serve(echo(), { listener: new MemoryListener() });
  return await server.shutdown(options);
};

/** A call of a battery inside of a handler, on its request. */
const onRequest =
  (call: (request: HttpRequest, options: never) => unknown): Call =>
  async (options) => {
    let outcome: { readonly error: unknown } | undefined;
    const handler: Handler = async (request) => {
      try {
        await call(request, options);
      } catch (error) {
        outcome = { error };
      }
      return HttpResponse.empty();
    };
    await using server = await serve(handler, { listener: new MemoryListener() });
    await server.fetch('http://test/', { method: 'POST', body: 'x' });
    if (outcome !== undefined) throw outcome.error;
  };

const fails = (): Promise<never> => Promise.reject(new Error('no upgrade'));

const CALLS: readonly OptionCase[] = [
  ['serve', served, 'serve', 'hostname', 'host', { port: '80' }],
  ['server.shutdown', shutDown, 'shutdown', 'gracePeriod', 'grace', { idleWindow: NaN }],
  [
    'new HttpClient',
    (o) => new HttpClient(o),
    'HttpClient',
    'timeout',
    'deadlines.total',
    { deadlines: { headers: NaN } },
  ],
  [
    'new HttpClient, its limits',
    (o) => new HttpClient(o),
    'HttpClient',
    'maxHeaderSize',
    'limits.headerBytes',
    { limits: { headerBytes: -1 } },
  ],
  [
    'new HttpClient, its pool',
    (o) => new HttpClient(o),
    'HttpClient',
    'maxSockets',
    'maxConnectionsPerOrigin',
    { maxRedirects: 1.5 },
  ],
  [
    'new HttpClient, its TLS',
    (o) => new HttpClient(o),
    'HttpClient',
    'rejectunauthorized',
    'tls.rejectUnauthorized',
    { maxConnections: 0 },
  ],
  [
    'new HttpClient, its retries',
    (o) => new HttpClient(o),
    'HttpClient',
    'respectRetryafter',
    'retry.respectRetryAfter',
    { retry: { statuses: [99] } },
  ],
  [
    'client.get, its retries',
    async (retry) => {
      await using client = new HttpClient();
      return await client.get('http://a/', { retry });
    },
    'retry',
    'attempt',
    'attempts',
    { backoff: -1 },
  ],
  [
    'new HttpResponse',
    (o) => new HttpResponse('x', o),
    'HttpResponse',
    'statusCode',
    'status',
    { status: '404' },
  ],
  [
    'HttpResponse.text',
    (o) => HttpResponse.text('x', o),
    'HttpResponse',
    'statusText',
    'reason',
    { length: NaN },
  ],
  [
    'HttpResponse.json',
    (o) => HttpResponse.json({}, o),
    'HttpResponse',
    'header',
    'headers',
    { length: -1 },
  ],
  [
    'HttpResponse.bytes',
    (o) => HttpResponse.bytes(new Uint8Array(1), o),
    'HttpResponse',
    'lenght',
    'length',
    { length: 1.5 },
  ],
  [
    'HttpResponse.stream',
    (o) => HttpResponse.stream([], o),
    'HttpResponse',
    'trailer',
    'trailers',
    { trailers: 5 },
  ],
  [
    'HttpResponse.problem',
    (o) => HttpResponse.problem(problem, o),
    'HttpResponse',
    'closed',
    'close',
    { close: 'yes' },
  ],
  [
    'HttpResponse.empty',
    (o) => HttpResponse.empty(o),
    'HttpResponse',
    'stauts',
    'status',
    { reason: 5 },
  ],
  [
    'new HttpProblem',
    (o) => new HttpProblem(400, o),
    'HttpProblem',
    'details',
    'detail',
    { errors: 'all' },
  ],
  [
    'fileResponse',
    (o) => fileResponse('/none', o),
    'fileResponse',
    'statusCode',
    'status',
    { status: 42 },
  ],
  [
    'compress',
    (o) => compress(echo(), o),
    'compress',
    'treshold',
    'threshold',
    { types: ['text'] },
  ],
  [
    'compress, its levels',
    (o) => compress(echo(), o),
    'compress',
    'level',
    'levels',
    { levels: { br: 12 } },
  ],
  ['events', (o) => events([], o), 'events', 'hartbeat', 'heartbeat', { heartbeat: 0 }],
  [
    'multipart',
    onRequest((request, o) => multipart(request, o)),
    'multipart',
    'limit',
    'limits',
    { timeout: NaN },
  ],
  [
    'multipart, its limits',
    onRequest((request, o) => multipart(request, o)),
    'multipart',
    'fileSize',
    'limits.partBytes',
    { limits: { parts: -1 } },
  ],
  [
    'formData',
    onRequest((request, o) => formData(request, o)),
    'formData',
    'timeOut',
    'timeout',
    { limits: { nameBytes: 0.5 } },
  ],
  [
    'setCookie',
    (o) => setCookie('a', 'b', o),
    'setCookie',
    'samesite',
    'sameSite',
    { maxAge: '5' },
  ],
  ['clearCookie', (o) => clearCookie('a', o), 'clearCookie', 'Domain', 'domain', { path: 'x' }],
  ['new CookieSigner', (o) => new CookieSigner(o), 'CookieSigner', 'key', 'keys', { keys: 'x' }],
  ['cors', (o) => cors(echo(), o), 'cors', 'origin', 'origins', { maxAge: -1 }],
  ['rateLimit', (o) => rateLimit(echo(), o), 'rateLimit', 'windowMs', 'rate', { rate: 0 }],
  ['basicAuth', (o) => basicAuth(echo(), o), 'basicAuth', 'user', 'users', { users: 5 }],
  ['requestId', (o) => requestId(echo(), o), 'requestId', 'headers', 'header', { header: 'a b' }],
  [
    'serverTiming',
    (o) => serverTiming(echo(), o),
    'serverTiming',
    'isshown',
    'isShown',
    { maxTimes: 0 },
  ],
  [
    'loadShedding',
    (o) => loadShedding(echo(), o),
    'loadShedding',
    'maxdelay',
    'maxDelay',
    { monitor: {} },
  ],
  ['accessLog', (o) => accessLog(o), 'accessLog', 'fromat', 'format', { format: 'combined' }],
  ['withHealth', (o) => withHealth(echo(), o), 'withHealth', 'isready', 'isReady', { path: '' }],
  [
    'followEvents',
    (o) => followEvents(new HttpClient(), 'http://a/', o),
    'followEvents',
    'lastEventID',
    'lastEventId',
    { maxFailures: 0 },
  ],
  ['contract', withDefinition, 'contract', 'response', 'responses', { method: 'get' }],
  [
    'implement',
    (o) => implement(CONTRACT, nothing, o),
    'implement',
    'checkAnswer',
    'checkAnswers',
    { limit: -1 },
  ],
  [
    'contractHandler',
    (o) => contractHandler([implement(CONTRACT, nothing)], o),
    'contractHandler',
    'notfound',
    'notFound',
    { documentPath: 'openapi.json' },
  ],
  [
    'openApi',
    (o) => openApi([CONTRACT], INFO, o),
    'openApi',
    'server',
    'servers',
    { servers: ['/'] },
  ],
  ['openApi, its info', (o) => openApi([CONTRACT], o), 'openApi', 'titel', 'title', { title: '' }],
  ['echo', (o) => echo(o), 'echo', 'prefx', 'prefix', { prefix: 5 }],
  [
    'webSocket',
    onRequest((request, o) => webSocket(request, { upgrade: fails } as never, o)),
    'webSocket',
    'protocol',
    'protocols',
    { protocols: ['a b'] },
  ],
  [
    'crosswsAdapter',
    (o) => crosswsAdapter(o),
    'crosswsAdapter',
    'getnamespace',
    'getNamespace',
    { webSocket: 5 },
  ],
  [
    'connectWebSocket',
    (o) => connectWebSocket('ws://127.0.0.1:1/', o),
    'connectWebSocket',
    'deadline',
    'deadlines',
    { limits: { frameBytes: 0 } },
  ],
  [
    'webSocket, its compression',
    onRequest((request, o) => webSocket(request, { upgrade: fails } as never, o)),
    'webSocket',
    'compresion',
    'compression',
    { compression: { level: 0 } },
  ],
  [
    'connectWebSocket, its compression',
    (o) => connectWebSocket('ws://127.0.0.1:1/', o),
    'connectWebSocket',
    'perMessageDeflate',
    'compression',
    { compression: { windowBits: 8 } },
  ],
  ['inspect', (o) => inspect(o), 'inspect', 'allowclose', 'allowClose', { interval: 5 }],
  ['new Topic', (o) => new Topic(o), 'Topic', 'capcity', 'capacity', { capacity: 0 }],
  [
    'readProxyHeader',
    (o) => readProxyHeader(memoryPair()[0], o),
    'readProxyHeader',
    'timeoutMs',
    'timeout',
    { timeout: -1 },
  ],
  [
    'metrics',
    (o) => metrics({ statistics: () => ({}) as never }, undefined, o),
    'metrics',
    'maxSerie',
    'maxSeries',
    { maxSeries: 0 },
  ],
  [
    'showInDevTools',
    (o) => showInDevTools(o),
    'showInDevTools',
    'credential',
    'credentials',
    { server: 'yes' },
  ],
  [
    'instrument',
    (o) => instrument(o)(),
    'instrument',
    'maxRoute',
    'maxRoutes',
    { shownQuery: 'a' },
  ],
];

testOptions(CALLS);

describe('options of a request', () => {
  test.each(['get', 'head', 'delete'] as const)('of %s may not be null', async (method) => {
    await using client = new HttpClient();
    await expectNoNull((o) => client[method]('http://a/', o), 'request');
  });

  test.each(['post', 'put'] as const)('of %s may not be null', async (method) => {
    await using client = new HttpClient();
    await expectNoNull((o) => client[method]('http://a/', 'x', o), 'request');
  });

  test.each([NaN, -1, 1.5, '5', Infinity])('may not have %p as length', async (length) => {
    await using client = new HttpClient();
    const error = await failureOf((o) => client.request('POST', 'http://a/', o), { length });
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toContain(
      'request: expected `length` to be a whole number of bytes from 0, got ',
    );
  });
});

describe('a limit or deadline that is given as undefined', () => {
  const long = `GET / HTTP/1.1\r\nHost: a\r\nLong: ${'x'.repeat(20_000)}\r\n\r\n`;

  test('has its default on a server', () =>
    simulated(async (world) => {
      await world.serve(echo(), {
        limits: { headerBytes: undefined },
        deadlines: { idle: undefined },
      });
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect((await wire.response()).status).toBe(200);
      const start = world.now;
      await wire.stream.readClosed();
      expect(world.now - start).toBeLessThan(6_000);
      const other = await world.connect();
      await other.send(long);
      expect((await other.response()).status).toBe(431);
    }));

  test('has its default on a client', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('x', { headers: { Long: 'x'.repeat(20_000) } }));
      const client = world.client({ limits: { headerBytes: undefined } });
      await expect(client.get('http://server/')).rejects.toMatchObject({
        code: 'ERR_HTTP_HEADERS_TOO_LARGE',
      });
    }));
});
