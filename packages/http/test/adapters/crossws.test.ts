/** `crosswsAdapter` with the real packages: the demo of crossws's own adapter tests, h3, and the clients `ws` and awaitio's own. */
import { describe, expect, test } from '@jest/globals';
import {
  getWebSocketHooks,
  type Hooks,
  type Peer,
  type SyncAdapter,
  type SyncMessage,
} from 'crossws';
import { defineWebSocketHandler, H3 } from 'h3';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import { WebSocket as WsClient } from 'ws';
import { crosswsAdapter } from '../../src/adapters/crossws/index.ts';
import { serve, type FetchApplication } from '../../src/index.ts';
import { demoHooks } from './crossws-demo.ts';
import { readToEnd, staged } from './sockets.ts';
import { applicationOf, withHooks, receive } from './crossws-hooks.ts';

describe('the demo of crossws', () => {
  test('welcomes, answers, and passes on to the others, not to the sender', () =>
    withHooks(demoHooks, async ({ open, errors }, adapter) => {
      const first = await open('/room');
      expect(await receive(first)).toMatch(
        /^Welcome to the server [\w-]{36}! \(namespace: \/room\)$/,
      );
      const second = await open('/room');
      await receive(second);
      expect(await receive(first)).toMatch(/^[\w-]{36} joined!$/);
      await first.send('ping');
      expect(await receive(first)).toBe('pong');
      for (const [sender, other] of [
        [first, second],
        [second, first],
      ] as const) {
        await sender.send('hello');
        expect([await receive(sender), await receive(other)]).toEqual(['hello', 'hello']);
      }
      await first.send('binary');
      expect(await receive(first)).toEqual(Uint8Array.from(Buffer.from('binary message works!')));
      await first.send('waitForDrain');
      expect(await receive(first)).toBe('drained');
      await first.send('peers');
      const { peers } = (await receive(first)) as { peers: string[] };
      expect(peers).toEqual([...(adapter.peers.get('/room') ?? [])].map(({ id }) => id));
      expect(peers).toHaveLength(2);
      adapter.publish('chat', 'to all');
      expect([await receive(first), await receive(second)]).toEqual(['to all', 'to all']);
      await first.close();
      await second.close();
      expect(errors).toEqual([]);
    }));

  test('answers ws with the headers of the hook, and tells a peer what it is', async () => {
    const server = await serve(applicationOf(crosswsAdapter({ hooks: demoHooks })), { port: 0 });
    const client = new WsClient(`${server.url}?foo=bar`, 'supported', {
      headers: { 'x-test': '1' },
    });
    const messages: string[] = [];
    client.on('message', (data: Buffer) => messages.push(data.toString()));
    const [response] = (await once(client, 'upgrade')) as [IncomingMessage];
    expect(response.headers).toMatchObject({
      'set-cookie': ['cross-ws=1; SameSite=None; Secure'],
      'x-powered-by': 'cross-ws',
      'sec-websocket-protocol': 'supported',
    });
    if (client.readyState !== WsClient.OPEN) await once(client, 'open');
    client.send('debug');
    while (messages.length < 2) await once(client, 'message');
    const port = new URL(server.url).port;
    expect(JSON.parse(messages[1] ?? '')).toMatchObject({
      id: expect.stringMatching(/^[\da-f]{8}-[\da-f]{4}-4[\da-f]{3}-[89ab][\da-f]{3}-[\da-f]{12}$/),
      remoteAddress: '127.0.0.1',
      bufferedAmount: 0,
      context: { test: '1' },
      request: { url: `http://127.0.0.1:${port}/?foo=bar`, headers: { 'x-test': '1' } },
      websocket: {
        readyState: 1,
        protocol: 'supported',
        url: `ws://127.0.0.1:${port}/?foo=bar`,
      },
    });
    client.close(4000, 'bye');
    await once(client, 'close');
    await server.shutdown();
  });

  test('refuses with the response that the hook throws', () =>
    withHooks(demoHooks, async ({ client, open, errors }) => {
      await expect(open('/?unauthorized')).rejects.toMatchObject({ status: 401 });
      const response = await client.get('http://memory/?unauthorized');
      expect([response.status, response.reason, response.headers.get('x-error')]).toEqual([
        401,
        'Unauthorized',
        'unauthorized',
      ]);
      expect(await response.text()).toBe('unauthorized');
      expect((await client.get('http://memory/')).status).toBe(426);
      expect(errors).toEqual([]);
    }));
});

describe('the hook upgrade', () => {
  test.each<[string, Partial<Hooks>, number]>([
    ['returns a response', { upgrade: () => new Response('no', { status: 403 }) }, 403],
    [
      'throws a response',
      {
        upgrade: () => {
          // oxlint-disable-next-line typescript/only-throw-error -- as crossws documents it
          throw new Response('no', { status: 409 });
        },
      },
      409,
    ],
  ])('that %s refuses', (_how, hooks, status) =>
    withHooks(hooks, async ({ open, errors }) => {
      await expect(open()).rejects.toMatchObject({ status });
      expect(errors).toEqual([]);
    }),
  );

  test('that fails is answered with 500, and reported', () => {
    const failure = new Error('the hook failed');
    return withHooks({ upgrade: () => Promise.reject(failure) }, async ({ open, errors }) => {
      await expect(open()).rejects.toMatchObject({ status: 500 });
      expect(errors).toEqual([failure]);
    });
  });

  test('sends no subprotocol that the client did not propose', () =>
    withHooks(
      { upgrade: () => ({ headers: { 'Sec-WebSocket-Protocol': 'v1' } }) },
      async ({ open }) => {
        const [without, with1] = [await open(), await open('/', { protocols: ['v2', 'v1'] })];
        expect([without.protocol, with1.protocol]).toEqual(['', 'v1']);
        await without.close();
        await with1.close();
      },
    ));

  test('chooses the namespace, in which topics and peers are apart from others', () =>
    withHooks(
      {
        upgrade: ({ url }) => ({ namespace: new URL(url).searchParams.get('room') ?? '' }),
        open: (peer) => peer.subscribe('news'),
        message: (peer, message) => {
          peer.publish('news', `${peer.namespace}: ${message.text()}`);
        },
      },
      async ({ open }, adapter) => {
        const [a, b, alone] = [
          await open('/?room=x'),
          await open('/?room=x'),
          await open('/?room=y'),
        ];
        await a.send('hello');
        expect(await receive(b)).toBe('x: hello');
        adapter.publish('news', 'to y', { namespace: 'y' });
        expect(await receive(alone)).toBe('to y');
        adapter.publish('news', { to: 'all' });
        for (const socket of [a, b, alone]) expect(await receive(socket)).toEqual({ to: 'all' });
        expect([...adapter.peers.keys()]).toEqual(['x', 'y']);
        await adapter.close(4000, 'over');
        for (const socket of [a, b, alone]) {
          expect(await readToEnd(socket)).toEqual([[], 4000, 'over']);
        }
        expect(adapter.peers.size).toBe(0);
      },
    ));
});

describe('a hook that fails', () => {
  const failure = new Error('the hook failed');
  test.each<[string, () => never | Promise<never>]>([
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['rejects', () => Promise.reject(failure)],
  ])('because it %s closes its peer with 1011 and no other, and is reported', (_how, fail) =>
    withHooks({ message: fail }, async ({ open, errors }) => {
      const [first, second] = [await open(), await open()];
      await first.send('now');
      expect((await readToEnd(first))[1]).toBe(1011);
      expect(errors).toEqual([failure]);
      expect(second.isOpen).toBe(true);
      await second.close();
    }),
  );

  test('does not keep those of resolve from being called', () => {
    const seen: string[] = [];
    const failing = (): never => {
      throw failure;
    };
    const resolve = (): Partial<Hooks> => ({
      open: () => void seen.push('open'),
      close: () => void seen.push('close'),
    });
    return withHooks(
      { open: failing, close: failing },
      async ({ open, errors, server }) => {
        await readToEnd(await open());
        await server.shutdown();
        expect([seen, errors]).toEqual([
          ['open', 'close'],
          [failure, failure],
        ]);
      },
      { resolve },
    );
  });
});

test('hooks of h3 are found by resolve, once for each connection', async () => {
  let asked = 0;
  const app = new H3()
    .get('/page', () => 'a page')
    .get(
      '/echo/:name',
      defineWebSocketHandler({
        message: (peer, message) => void peer.send(`${peer.namespace}: ${message.text()}`),
      }),
    );
  const sockets = crosswsAdapter({
    resolve: async (request) => {
      asked += 1;
      const response = await app.fetch(request);
      return getWebSocketHooks(request) ?? { upgrade: () => response };
    },
  });
  const application: FetchApplication = {
    fetch: (request, info) =>
      request.headers.get('upgrade') === 'websocket'
        ? sockets.handleUpgrade(request, info)
        : app.fetch(request),
  };
  await staged(application, async ({ open, client }) => {
    expect(await (await client.get('http://memory/page')).text()).toBe('a page');
    const socket = await open('/echo/ada');
    for (const message of ['one', 'two']) {
      await socket.send(message);
      expect(await receive(socket)).toBe(`/echo/ada: ${message}`);
    }
    await socket.close();
    expect(asked).toBe(1);
    await expect(open('/elsewhere')).rejects.toMatchObject({ status: 404 });
  });
});

describe('a sync', () => {
  /** A backplane in this process. */
  function backplane(): SyncAdapter {
    const members = new Map<string, (message: SyncMessage) => void>();
    return ({ id }) => ({
      subscribe: (deliver) => void members.set(id, deliver),
      publish: (message) => {
        for (const [other, deliver] of members) if (other !== id) deliver(message);
      },
      close: () => void members.delete(id),
    });
  }

  test('passes on what is published, to the same namespace of the others', async () => {
    const sync = backplane();
    const hooks: Partial<Hooks> = {
      open: (peer) => peer.subscribe('news'),
      message: (peer, message) => peer.publish('news', message.rawData),
    };
    await withHooks(
      hooks,
      ({ open }) =>
        withHooks(
          hooks,
          async (stage, adapter) => {
            const [here, there, elsewhere] = [
              await open('/a'),
              await stage.open('/a'),
              await stage.open('/b'),
            ];
            await here.send(Uint8Array.of(7));
            expect(await receive(there)).toEqual(Uint8Array.of(7));
            adapter.publish('news', { to: 'all' });
            for (const socket of [here, there, elsewhere]) {
              expect(await receive(socket)).toEqual({ to: 'all' });
            }
            for (const socket of [here, there, elsewhere]) await socket.close();
            await adapter.close();
          },
          { sync },
        ),
      { sync },
    );
  });

  test.each<[string, string, ReturnType<SyncAdapter>]>([
    [
      'subscribe',
      'throws',
      {
        subscribe: () => {
          throw new Error('lost');
        },
        publish: () => {},
      },
    ],
    [
      'publish',
      'rejects',
      { subscribe: () => {}, publish: () => Promise.reject(new Error('lost')) },
    ],
  ])('whose %s %s is reported to its onError, and breaks nothing', (stage, _how, driver) => {
    const seen: unknown[] = [];
    return withHooks(
      {
        open: (peer) => peer.subscribe('news'),
        message: (peer: Peer) => peer.publish('news', 'x'),
      },
      async ({ open, errors }) => {
        const [first, second] = [await open(), await open()];
        await first.send('now');
        expect(await receive(second)).toBe('x');
        await first.close();
        await second.close();
        expect([seen, errors]).toEqual([[['lost', { stage }]], []]);
      },
      {
        sync: () => driver,
        onError: (error, context) => seen.push([(error as Error).message, context]),
      },
    );
  });
});
