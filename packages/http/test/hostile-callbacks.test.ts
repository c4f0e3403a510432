/**
 * Every callback that a program passes in, failing in every way: its failure goes to the place that docs/errors.md names, and
 * nothing else happens.
 *
 * A new callback makes this file fail until it has a scenario here.
 */
import { describe, expect, test } from '@jest/globals';
import { Executor, MemoryListener } from '@awaitio/core';
import { fileURLToPath } from 'node:url';
import {
  FAILINGS,
  rejectionOf,
  runScenario,
  type Callback,
  type Scenario,
  type Stage,
} from '../../core/test/support/hostile-callbacks.ts';
import { readPage } from '../../core/test/support/public-api.ts';
import {
  basicAuth,
  compress,
  cors,
  events,
  loadShedding,
  rateLimit,
  requestId,
  serverTiming,
  staticFiles,
} from '../src/batteries/index.ts';
import { connectWebSocket, Topic, webSocket, type TopicOptions } from '../src/websocket/index.ts';
import { contract, contractHandler, implement, openApi } from '../src/contract/index.ts';
import {
  accessLog,
  HttpClient,
  HttpResponse,
  serve,
  withHealth,
  type FetchApplication,
  type Handler,
  type HandlerContext,
  type RequestOptions,
  type ServeOptions,
} from '../src/index.ts';

const URL_IN_MEMORY = 'http://memory/';

interface World {
  readonly client: HttpClient;
  /** One request, answered to its end. */
  readonly ask: (options?: RequestOptions) => Promise<number>;
  /** Shuts the server down, and returns what its `onError` got. */
  readonly end: () => Promise<readonly unknown[]>;
}

async function world(
  stage: Stage,
  handler: Handler | FetchApplication,
  options: ServeOptions = {},
): Promise<World> {
  const listener = new MemoryListener();
  const executor = new Executor();
  const onError = (error: unknown): void => {
    stage.reported.push(error);
  };
  const server = await serve(handler, { listener, executor, onError, ...options });
  const client = new HttpClient({ connect: () => listener.connect() });
  const end = async (): Promise<readonly unknown[]> => {
    await client.close();
    await server.shutdown({ grace: 0, idleWindow: 0 });
    // A handler that never settles cannot be stopped.
    if (!stage.isSilent) await executor.idle({ timeout: 1_000 });
    await stage.turns();
    return stage.reported;
  };
  stage.defer(end);
  return {
    client,
    ask: async (requestOptions) => {
      const response = await client.request('POST', URL_IN_MEMORY, {
        body: '{"a":1}',
        ...requestOptions,
      });
      await response.bytes();
      return response.status;
    },
    end,
  };
}

const fine: Handler = async (request) => {
  await request.bytes();
  return HttpResponse.text('fine');
};

/** A handler that fails: 500, and `onError`. */
const handling =
  (make: (callback: Callback) => Handler | FetchApplication, target = URL_IN_MEMORY): Scenario =>
  async (callback, stage) => {
    const { client, end } = await world(stage, make(callback));
    const response = await client.get(target);
    await response.bytes();
    expect(response.status).toBe(500);
    return end();
  };

/** Something beside the response fails: the response is good, and `onError` is called. */
const beside =
  (make: (callback: Callback) => { handler?: Handler; options?: ServeOptions }): Scenario =>
  async (callback, stage) => {
    const { handler = fine, options = {} } = make(callback);
    const { ask, end } = await world(stage, handler, options);
    expect(await ask()).toBe(200);
    return end();
  };

/** The call of the client rejects. */
const requesting =
  (make: (callback: Callback) => RequestOptions, handler: Handler = fine): Scenario =>
  async (callback, stage) => {
    const { ask, client } = await world(stage, handler);
    stage.defer(() => client.close());
    return rejectionOf(ask(make(callback)));
  };

/** As {@link requesting}; the server answers when the callback was called and has failed. */
const beforeResponse =
  (
    make: (callback: Callback) => RequestOptions,
    begin: (context: HandlerContext) => void = () => {},
  ): Scenario =>
  (callback, stage) => {
    let called = (): void => {};
    const isCalled = new Promise<void>((resolve) => (called = resolve));
    const call: (...args: unknown[]) => unknown = callback;
    const seen = (...args: unknown[]): unknown => {
      called();
      return call(...args);
    };
    const handler: Handler = async (_request, context) => {
      begin(context);
      await isCalled;
      // Of the failing callbacks, one rejects a turn of the loop after its call.
      await stage.turns();
      return HttpResponse.text('fine');
    };
    return requesting(() => make(seen as Callback), handler)(callback, stage);
  };

/** A streamed response that cannot be completed: the client sees a reset or a 500, and `onError` is called. */
const streaming =
  (make: (callback: Callback) => HttpResponse): Scenario =>
  async (callback, stage) => {
    const { ask, end } = await world(stage, () => make(callback));
    await ask().catch(() => {});
    return end();
  };

function* twoPieces(): Generator<string> {
  yield 'one';
  yield 'two';
}

async function* piecesInTurns(): AsyncGenerator<string> {
  for (let turn = 0; turn < 50; turn += 1) {
    yield 'piece';
    await new Promise((resolve) => setImmediate(resolve));
  }
}

const iteratorOf = (part: object): Iterable<string> => {
  const iterator = { next: () => ({ done: false, value: 'piece' }), ...part };
  return { [Symbol.iterator]: () => iterator as Iterator<string> };
};

/** A member of a topic that keeps one message. */
async function slowMember(stage: Stage, onLag: Callback) {
  const topic = new Topic({ capacity: 1, onLag: onLag as TopicOptions['onLag'] });
  const { client, end } = await world(stage, async (request, context) => {
    const member = await webSocket(request, context);
    topic.join(member);
    await member.closed;
  });
  const socket = await connectWebSocket('ws://memory/', { client });
  return { topic, socket, end };
}
const NOTHING = contract({ method: 'GET', path: '/', responses: { 204: null } });
const ANYTHING = contract({
  method: 'GET',
  path: '/',
  responses: {
    200: { '~standard': { version: 1, vendor: 'test', validate: (value) => ({ value }) } },
  },
});

const SCENARIOS: Readonly<Record<string, Scenario>> = {
  'AccessLogOptions.write': beside((write) => ({ options: { onEvent: accessLog({ write }) } })),
  'HealthOptions.isReady': handling(
    (isReady) => withHealth(fine, { isReady }),
    `${URL_IN_MEMORY}healthz`,
  ),
  'HttpClientOptions.connect': async (connect, stage) => {
    const client = new HttpClient({ connect });
    stage.defer(() => client.close());
    return rejectionOf(client.get(URL_IN_MEMORY));
  },
  'HttpClientOptions.connectTls': async (connectTls, stage) => {
    const client = new HttpClient({ connectTls });
    stage.defer(() => client.close());
    return rejectionOf(client.get('https://memory/'));
  },
  'HttpClientOptions.connectUnix': async (connectUnix, stage) => {
    const client = new HttpClient({ connectUnix });
    stage.defer(() => client.close());
    return rejectionOf(client.get('unix:/run/app.sock:/'));
  },
  'HttpClientOptions.middleware': async (middleware, stage) => {
    const client = new HttpClient({ middleware: [middleware] });
    stage.defer(() => client.close());
    return rejectionOf(client.get(URL_IN_MEMORY));
  },
  'RequestOptions.trailers': requesting((trailers) => ({ body: twoPieces(), trailers })),
  'RequestOptions.onInformational': beforeResponse(
    (onInformational) => ({ onInformational }),
    (context) => context.informational(103),
  ),
  'RequestOptions.onUploadProgress': beforeResponse((onUploadProgress) => ({ onUploadProgress })),
  'RequestOptions.onDownloadProgress': requesting(
    (onDownloadProgress) => ({ onDownloadProgress }),
    () => HttpResponse.stream(piecesInTurns()),
  ),
  'ResponseInit.trailers': streaming((trailers) => HttpResponse.stream(twoPieces(), { trailers })),
  'UpgradeOptions.onDrain': async (onDrain, stage) => {
    const listener = new MemoryListener();
    const handler: Handler = async (_request, context) => {
      await context.upgrade({ onDrain });
    };
    const { end } = await world(stage, handler, { listener });
    const stream = await listener.connect();
    stage.defer(() => stream.close());
    await stream.writeAll('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    await stream.readUntil('\r\n\r\n');
    return end();
  },
  'Schema.~standard': async (validate, stage) => {
    const { client } = await world(stage, () => HttpResponse.json({ a: 1 }));
    const response = await client.get(URL_IN_MEMORY);
    return rejectionOf(response.json({ '~standard': { version: 1, vendor: 'hostile', validate } }));
  },
  'ServeOptions.onError': async (onError, stage) => {
    const failing: Handler = () => {
      throw new Error('the handler failed');
    };
    const { ask, end } = await world(stage, failing, { onError });
    expect(await ask()).toBe(500);
    await end();
    return stage.stderr;
  },
  'StaticFilesOptions.notFound': handling(
    (notFound) => staticFiles(fileURLToPath(new URL('.', import.meta.url)), { notFound }),
    `${URL_IN_MEMORY}there-is-no-such-file`,
  ),
  'BasicAuthOptions.check': async (check, stage) => {
    const { client, end } = await world(stage, basicAuth(fine, { check }));
    const headers = { Authorization: `Basic ${btoa('a:b')}` };
    const response = await client.get(URL_IN_MEMORY, { headers });
    expect(response.status).toBe(500);
    await response.bytes();
    return end();
  },
  'CorsOptions.origins': async (origins, stage) => {
    const { client, end } = await world(stage, cors(fine, { origins }));
    const response = await client.get(URL_IN_MEMORY, { headers: { Origin: 'https://a.example' } });
    expect(response.status).toBe(500);
    await response.bytes();
    return end();
  },
  'RateLimitOptions.key': handling((key) => rateLimit(fine, { rate: 1, key })),
  'ServerTimingOptions.isShown': handling((isShown) => serverTiming(fine, { isShown })),
  'basicAuth(handler)': async (handler, stage) => {
    const { client, end } = await world(stage, basicAuth(handler, { check: () => true }));
    const headers = { Authorization: `Basic ${btoa('a:b')}` };
    const response = await client.get(URL_IN_MEMORY, { headers });
    expect(response.status).toBe(500);
    await response.bytes();
    return end();
  },
  'cors(handler)': handling((handler) => cors(handler)),
  'loadShedding(handler)': handling((handler) => loadShedding(handler)),
  'Headers.forEach(callback)': handling((callback) => ({ headers }) => {
    headers.forEach(callback);
    return HttpResponse.text('fine');
  }),
  'rateLimit(handler)': handling((handler) => rateLimit(handler, { rate: 1 })),
  'requestId(handler)': handling((handler) => requestId(handler)),
  'serverTiming(handler)': handling((handler) => serverTiming(handler)),
  // A member of a topic that is slow: the topic has no other place for the failure than stderr.
  'TopicOptions.onLag': async (onLag, stage) => {
    const { topic, socket, end } = await slowMember(stage, onLag);
    for (const message of ['1', '2', '3', '4', '5', '6', '7', '8']) topic.publish(message);
    await socket.closed;
    await end();
    return stage.stderr;
  },
  'implement(answer)': handling((answer) => implement(NOTHING, answer)),
  'ContractHandlerOptions.notFound': handling(
    (notFound) => contractHandler([implement(NOTHING, () => ({ status: 204 }))], { notFound }),
    `${URL_IN_MEMORY}elsewhere`,
  ),
  'OpenApiOptions.describe': async (callback) =>
    rejectionOf(
      (async () => openApi([ANYTHING], { title: 'x', version: '1' }, { describe: callback }))(),
    ),
  'ServeOptions.onEvent': beside((onEvent) => ({ options: { onEvent } })),
  'serve(handler)': handling((handler) => handler),
  'withHealth(handler)': handling((handler) => withHealth(handler)),
  'compress(handler)': handling((handler) => compress(handler)),
  'events(source)': streaming((source) => events(source)),
  'FetchApplication.fetch': handling((fetch) => ({ fetch })),
  'HandlerContext.waitUntil': beside((callback) => ({
    handler: (_request, context) => {
      context.waitUntil((async () => (callback as () => Promise<void>)())());
      return HttpResponse.text('fine');
    },
  })),
  'ResponseBody.next': streaming((next) => HttpResponse.stream(iteratorOf({ next }))),
  'ResponseBody[Symbol.iterator]': streaming((iterator) =>
    HttpResponse.stream({ [Symbol.iterator]: iterator }),
  ),
  // The client leaves before the end, and the iterator is closed: the response has its own failure, this one has no other place.
  'ResponseBody.return': async (callback, stage) => {
    const body = iteratorOf({ return: callback });
    const { client, end } = await world(stage, () => HttpResponse.stream(body));
    const response = await client.get(URL_IN_MEMORY);
    await response[Symbol.asyncDispose]();
    await end();
    return stage.stderr;
  },
  'RequestBody()': requesting((make) => ({ body: make })),
  'RequestBody.next': requesting((next) => ({ body: iteratorOf({ next }) })),
  'RequestBody[Symbol.iterator]': requesting((iterator) => ({
    body: { [Symbol.iterator]: iterator },
  })),
  'RequestBody.return': async (callback, stage) => {
    const { ask } = await world(stage, () => HttpResponse.empty({ close: true }));
    await ask({ body: iteratorOf({ return: callback }) }).catch(() => {});
    await stage.turns(20);
    return stage.stderr;
  },
};

/** Members of types that the page does not list as functions. */
const MEMBERS = new Set(
  Object.keys(SCENARIOS).filter((key) => /^(?:Response|Request)Body|~/.test(key)),
);

const pages = [
  'index',
  'batteries',
  'contract',
  'inspect',
  'otel',
  'websocket',
  'hono',
  'crossws',
].map((name) => readPage('http', name));

describe('a callback of @awaitio/http', () => {
  test('is known here', () => {
    const callbacks = pages.flatMap((page) => page.callbacks);
    expect(callbacks.filter((callback) => !(callback in SCENARIOS))).toEqual([]);
    const calls = pages.flatMap((page) => page.calls.map((call) => call.name));
    const known = new Set([...callbacks, ...calls, ...MEMBERS]);
    expect(Object.keys(SCENARIOS).filter((key) => !known.has(key))).toEqual([]);
  });

  describe.each(Object.entries(SCENARIOS))('%s', (_callback, scenario) => {
    test.each(FAILINGS.map((failing) => [failing.name, failing] as const))(
      'that %s is contained, and reported where it belongs',
      async (_name, failing) => {
        await expect(runScenario(scenario, failing)).resolves.toBeUndefined();
      },
    );
  });
});
