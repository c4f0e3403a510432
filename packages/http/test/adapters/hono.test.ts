/** Hono's `upgradeWebSocket` with the real package: over real sockets with the clients `ws` and undici, and in memory. */
import { describe, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { Hono } from 'hono';
import type { WSContext, WSEvents } from 'hono/ws';
import { once } from 'node:events';
import { WebSocket as WsClient } from 'ws';
import { upgradeWebSocket, type CallbackSocketOptions } from '../../src/adapters/hono/index.ts';
import { fetchHandler } from '../../src/batteries/index.ts';
import { serve } from '../../src/index.ts';
import { WebSocket } from '../../src/websocket/index.ts';
import { expectEchoes } from '../websocket/undici-client.ts';
import { readToEnd, staged } from './sockets.ts';

type Context = WSContext<WebSocket>;

/** An application whose every path is a WebSocket with these events. */
const app = (events: WSEvents<WebSocket>, options?: CallbackSocketOptions): Hono =>
  new Hono().get(
    '*',
    upgradeWebSocket(() => events, options),
  );

/** An event that returns a promise, which Hono's types do not have and programs do. */
const late =
  <Args extends unknown[]>(call: (...args: Args) => unknown): ((...args: Args) => void) =>
  (...args) =>
    call(...args);

/** Sends back what comes; bytes come as an `ArrayBuffer`. */
const echo: WSEvents<WebSocket> = {
  onMessage: ({ data }, ws) => {
    ws.send(data as string | ArrayBuffer);
  },
};

const HANDSHAKE = {
  Upgrade: 'websocket',
  Connection: 'Upgrade',
  'Sec-WebSocket-Key': 'dGhlIHNhbXBsZSBub25jZQ==',
  'Sec-WebSocket-Version': '13',
};

describe('upgradeWebSocket of Hono', () => {
  test('calls each event with its context, over a socket to ws', async () => {
    const seen: unknown[] = [];
    const note = (event: Event, ws: Context, ...more: unknown[]): void => {
      seen.push([event.type, ws.readyState, ...more]);
    };
    const server = await serve(
      app({
        onOpen: (event, ws) => {
          note(event, ws, String(ws.url), ws.protocol, ws.raw instanceof WebSocket);
          ws.send('welcome');
        },
        onMessage: (event, ws) => {
          note(event, ws, event.data);
          ws.send(event.data as string);
          if (event.data === 'bye') ws.close(4001, 'as you wish');
        },
        onClose: (event, ws) => note(event, ws, event.code, event.reason, event.wasClean),
      }),
      { port: 0 },
    );
    const client = new WsClient(`${server.url}room?x=1`);
    expect(String((await once(client, 'message'))[0])).toBe('welcome');
    client.send('hello');
    expect(String((await once(client, 'message'))[0])).toBe('hello');
    client.send(Buffer.from([0, 255]));
    const [bytes, isBinary] = await once(client, 'message');
    expect([[...(bytes as Buffer)], isBinary]).toEqual([[0, 255], true]);
    client.send('bye');
    const [code, reason] = await once(client, 'close');
    expect([code, String(reason)]).toEqual([4001, 'as you wish']);
    await server.shutdown();
    expect(seen).toEqual([
      ['open', 1, `${server.url}room?x=1`, '', true],
      ['message', 1, 'hello'],
      ['message', 1, Uint8Array.of(0, 255).buffer],
      ['message', 1, 'bye'],
      ['close', 3, 4001, 'as you wish', true],
    ]);
  });

  test('serves undici’s WebSocket, with a subprotocol', async () => {
    const server = await serve(app(echo, { protocols: ['b', 'a'] }), { port: 0 });
    const client = await expectEchoes(server.url, ['a', 'b']);
    expect(client.protocol).toBe('b');
    await server.shutdown();
  });

  test.each(['whole', 'byte by byte'])(
    'answers a handshake with a message right behind it, %s',
    async (how) => {
      const listener = new MemoryListener();
      const server = await serve(app(echo), { listener });
      const stream = await listener.connect();
      const head = [
        'GET /ws HTTP/1.1',
        'Host: a',
        ...Object.entries(HANDSHAKE).map((f) => f.join(': ')),
      ];
      const text = Buffer.concat([
        Buffer.from(`${head.join('\r\n')}\r\n\r\n`),
        Buffer.from([0x81, 0x82, 0, 0, 0, 0, 0x68, 0x69]),
      ]);
      if (how === 'whole') await stream.writeAll(text);
      else for (const byte of text) await stream.writeAll(Uint8Array.of(byte));
      const answer = await stream.readUntil('\r\n\r\n');
      expect(Buffer.from(answer ?? []).toString()).toMatch(/^HTTP\/1\.1 101 [^]*\+xOo=\r\n\r\n$/);
      expect([...(await stream.readExactly(4))]).toEqual([0x81, 2, 0x68, 0x69]);
      await stream.writeAll(Uint8Array.of(0x88, 0x80, 0, 0, 0, 0));
      expect([...(await stream.readExactly(2))]).toEqual([0x88, 0]);
      await stream.close();
      await server.shutdown();
    },
  );

  test('goes on to the next handler when no WebSocket is proposed', () =>
    staged(
      new Hono().get(
        '/',
        upgradeWebSocket(() => echo),
        (c) => c.text('a page'),
      ),
      async ({ client, open }) => {
        expect(await (await client.get('http://memory/')).text()).toBe('a page');
        const socket = await open();
        await socket.send('hello');
        expect(await socket.receive()).toBe('hello');
        await socket.close();
      },
    ));

  test('with a context and events upgrades at once, behind middleware', () =>
    staged(
      new Hono()
        .use(async (c, next) => {
          await next();
          c.header('x-late', 'not sent');
        })
        .get('/:name', (c) =>
          upgradeWebSocket(c, { onOpen: (_event, ws) => ws.send(`hello, ${c.req.param('name')}`) }),
        ),
      async ({ open, errors }) => {
        const socket = await open('/ada');
        expect(await socket.receive()).toBe('hello, ada');
        await socket.close();
        expect(errors).toEqual([]);
      },
    ));

  test('works inside fetchHandler', async () => {
    const server = await serve(fetchHandler(app(echo)), { port: 0 });
    const client = new WsClient(server.url);
    await once(client, 'open');
    client.send('hello');
    expect(String((await once(client, 'message'))[0])).toBe('hello');
    client.close();
    await once(client, 'close');
    await server.shutdown();
  });

  test.each([
    ['another version', { 'Sec-WebSocket-Version': '8' }, 426],
    ['a malformed key', { 'Sec-WebSocket-Key': 'short' }, 400],
    ['a foreign origin', { Origin: 'https://other.example' }, 403],
  ])('refuses %s with a problem, which is no error', (_what, fields, status) =>
    staged(app(echo, { origins: ['https://app.example'] }), async ({ client, errors }) => {
      const response = await client.get('http://memory/', { headers: { ...HANDSHAKE, ...fields } });
      expect([response.status, response.headers.get('content-type')]).toEqual([
        status,
        'application/problem+json',
      ]);
      expect(await response.json()).toMatchObject({ status });
      expect(errors).toEqual([]);
    }),
  );

  test('says what is missing when another server serves the application', async () => {
    const seen: unknown[] = [];
    const hono = app(echo).onError((error, c) => {
      seen.push(error);
      return c.text('failed', 500);
    });
    expect((await hono.request('/', { headers: HANDSHAKE })).status).toBe(500);
    expect(seen).toEqual([expect.objectContaining({ name: 'InvalidInputError' })]);
    expect(String(seen[0])).toContain('serve the application with it');
  });

  test('refuses a wrong option, as webSocket does', async () => {
    for (const options of [{ bufferedBytes: 0 }, { orgins: [] }]) {
      const seen: unknown[] = [];
      const hono = app(echo, options).onError((error, c) => {
        seen.push(error);
        return c.text('failed', 500);
      });
      await staged(hono, async ({ open }) => {
        await expect(open()).rejects.toMatchObject({ status: 500 });
        expect(seen).toEqual([expect.objectContaining({ name: 'InvalidInputError' })]);
      });
    }
  });

  test('names every option that there is, when one is misspelt', async () => {
    const seen: unknown[] = [];
    const options: object = { bufferdSize: 1 };
    const hono = app(echo, options).onError((error, c) => {
      seen.push(error);
      return c.text('failed', 500);
    });
    await staged(hono, async ({ open }) => {
      await expect(open()).rejects.toMatchObject({ status: 500 });
    });
    expect(String(seen[0])).toMatch(
      /upgradeWebSocket: unknown option `bufferdSize`.*bufferedBytes/,
    );
  });
});

describe('an event that fails', () => {
  const failure = new Error('the event failed');
  const failings: [string, () => never | Promise<never>][] = [
    [
      'throws',
      () => {
        throw failure;
      },
    ],
    ['rejects', () => Promise.reject(failure)],
  ];
  const rows = failings.flatMap(([how, fail]) =>
    (['onOpen', 'onMessage'] as const).map((name) => [name, how, fail] as const),
  );

  test.each(rows)('%s that %s closes with 1011, and is reported once', (name, _how, fail) => {
    const ends: number[] = [];
    const events: WSEvents = {
      [name]: late(fail),
      onClose: ({ code }) => ends.push(code),
    };
    return staged(app(events), async ({ open, errors }) => {
      const socket = await open();
      await socket.send('one').catch(() => {});
      expect(await readToEnd(socket)).toEqual([[], 1011, 'the application failed']);
      expect(errors).toEqual([failure]);
      expect(ends).toEqual([1011]);
      const another = await open();
      await another.close();
    });
  });

  test('gets no message that has come already', () => {
    let called = 0;
    const events: WSEvents = {
      onMessage: () => {
        called += 1;
        throw failure;
      },
    };
    return staged(app(events), async ({ open, errors }) => {
      const socket = await open();
      for (const message of ['one', 'two', 'three']) void socket.send(message);
      expect((await readToEnd(socket))[1]).toBe(1011);
      expect([called, errors]).toEqual([1, [failure]]);
    });
  });

  test.each(failings)('onClose that %s is reported', (_how, fail) =>
    staged(app({ onClose: late(fail) }), async ({ open, errors, server }) => {
      await (await open()).close();
      await server.shutdown();
      expect(errors).toEqual([failure]);
    }),
  );

  test.each(failings)('onError that %s is reported', (_how, fail) =>
    staged(app({ onError: late(fail) }), async ({ open, errors, server }) => {
      (await open()).reset();
      await server.shutdown();
      expect(errors).toEqual([failure]);
    }),
  );

  test.each([
    ['a code that is never sent', (ws: Context) => ws.close(1006)],
    ['a message of another type', (ws: Context) => ws.send(5 as unknown as string)],
  ])('by %s closes with 1011', (_what, slip) =>
    staged(app({ onMessage: (_event, ws) => slip(ws) }), async ({ open, errors }) => {
      const socket = await open();
      await socket.send('now');
      expect((await readToEnd(socket))[1]).toBe(1011);
      expect(errors).toEqual([expect.objectContaining({ name: 'InvalidInputError' })]);
    }),
  );
});

describe('the end', () => {
  test('without a close frame calls onError with the error, then onClose', () => {
    const seen: unknown[] = [];
    const events: WSEvents = {
      onError: (event) => seen.push([event.type, (event as Event & { error: unknown }).error]),
      onClose: ({ type, code, wasClean }) => seen.push([type, code, wasClean]),
    };
    return staged(app(events), async ({ open, server, errors }) => {
      (await open()).reset();
      while (seen.length < 2) await new Promise(setImmediate);
      await server.shutdown();
      expect(seen).toEqual([
        [
          'error',
          expect.objectContaining({ name: expect.stringMatching(/^(Broken|UnexpectedEof)Error$/) }),
        ],
        ['close', 1006, false],
      ]);
      expect(errors).toEqual([]);
    });
  });

  test('by ws.raw.reset is no error', () => {
    const seen: string[] = [];
    const events: WSEvents<WebSocket> = {
      onMessage: (_event, ws) => ws.raw?.reset(),
      onError: () => seen.push('error'),
      onClose: () => seen.push('close'),
    };
    return staged(app(events), async ({ open, server }) => {
      const socket = await open();
      await socket.send('now');
      await socket.closed;
      await server.shutdown();
      expect(seen).toEqual(['close']);
    });
  });

  test('of the server closes with 1001, and waits for what onClose returns', () => {
    let isSaved = false;
    const events: WSEvents = {
      onClose: late(async () => {
        await new Promise(setImmediate);
        isSaved = true;
      }),
    };
    return staged(app(events), async ({ open, server, errors }) => {
      const socket = await open();
      const [report, end] = await Promise.all([server.shutdown(), readToEnd(socket)]);
      expect(end[1]).toBe(1001);
      expect([isSaved, report.aborted, errors]).toEqual([true, [], []]);
    });
  });

  test('leaves a send without effect, as in a browser', () => {
    const states: number[] = [];
    const events: WSEvents = {
      onMessage: (_event, ws) => {
        ws.close();
        states.push(ws.readyState);
        ws.send('too late');
      },
      onClose: (_event, ws) => {
        states.push(ws.readyState);
        ws.send('far too late');
        ws.close();
      },
    };
    return staged(app(events), async ({ open, errors, server }) => {
      const socket = await open();
      await socket.send('now');
      expect(await readToEnd(socket)).toEqual([[], 1000, '']);
      await server.shutdown();
      expect([states, errors]).toEqual([[2, 3], []]);
    });
  });
});

describe('a peer that takes nothing', () => {
  const big = 'x'.repeat(100_000);

  test('is closed with 1008 when more than bufferedBytes wait for it', () => {
    let most = 0;
    const events: WSEvents<WebSocket> = {
      onOpen: (_event, ws) => {
        while (ws.readyState === 1) {
          ws.send(big);
          most += 1;
        }
      },
    };
    return staged(app(events, { bufferedBytes: 500_000 }), async ({ open, errors }) => {
      const socket = await open('/', { limits: { readAheadMessages: 1 } });
      const [messages, code, reason] = await readToEnd(socket);
      expect([code, reason]).toEqual([1008, 'too slow']);
      // The last one was refused; what was accepted comes.
      expect(messages).toEqual(Array.from({ length: most - 1 }, () => big));
      expect(most).toBeLessThan(12);
      expect(errors).toEqual([]);
    });
  });

  test('is closed with 1008 when too many messages wait for it, also empty ones', () => {
    let sent = 0;
    const onOpen: WSEvents<WebSocket>['onOpen'] = (_event, ws) => {
      for (; ws.readyState === 1 && sent < 1_000; sent += 1) ws.send('');
    };
    return staged(app({ onOpen }, { bufferedBytes: 6_400 }), async ({ open, errors }) => {
      const [messages, code, reason] = await readToEnd(await open());
      expect([messages.length, code, reason]).toEqual([101, 1008, 'too slow']);
      expect(sent).toBe(102);
      expect(errors).toEqual([]);
    });
  });

  test('gets one message of any size, when nothing waits', () =>
    staged(
      app({ onOpen: (_event, ws) => ws.send(big) }, { bufferedBytes: 10 }),
      async ({ open }) => {
        const socket = await open();
        expect(await socket.receive()).toBe(big);
        await socket.close();
      },
    ));

  test('slows down who waits with ws.raw.send', () => {
    let sent = 0;
    const events: WSEvents<WebSocket> = {
      onOpen: late(async (_event: Event, ws: Context) => {
        for (; sent < 50; sent += 1) await ws.raw?.send(big);
      }),
    };
    return staged(app(events), async ({ open, errors }) => {
      const socket = await open('/', { limits: { readAheadMessages: 1 } });
      for (let turn = 0; turn < 20; turn += 1) await new Promise(setImmediate);
      expect(sent).toBeLessThan(10);
      for (let count = 0; count < 50; count += 1) expect(await socket.receive()).toBe(big);
      await socket.close();
      expect(errors).toEqual([]);
    });
  });
});
