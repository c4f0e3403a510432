/** WebSockets in the shapes of the platform: `WebSocketStream`, and a browser's `WebSocket`. */
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, LimitError } from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import {
  BrowserWebSocket,
  EventSocket,
  type BrowserWebSocketOptions,
  type WebSocket,
} from '../../src/websocket/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { echoing, open, talking } from './sockets.ts';

/** A facade that opens its connection on the simulated network. */
function browser(world: World, options: BrowserWebSocketOptions = {}, path = ''): BrowserWebSocket {
  const { clock, random } = world.sim;
  return new BrowserWebSocket(`ws://server/${path}`, {
    client: world.client(),
    clock,
    random,
    ...options,
  });
}

const once = <T extends Event>(socket: EventSocket, type: string): Promise<T> =>
  new Promise((resolve) => {
    socket.addEventListener(type, resolve, { once: true });
  });

/** What happened, in order. */
function logOf(socket: EventSocket): string[] {
  const log: string[] = [];
  for (const type of ['open', 'message', 'error', 'close']) {
    socket.addEventListener(type, (event: Event & { data?: unknown; code?: number }) => {
      const detail = event.data ?? event.code;
      log.push(detail === undefined ? type : `${type} ${JSON.stringify(detail)}`);
    });
  }
  return log;
}

describe('a WebSocket as a WebSocketStream', () => {
  test('passes messages both ways, and the end', () =>
    simulated(async (world) => {
      await world.serve(
        talking(async (socket) => {
          const { readable, writable } = await socket.toWeb().opened;
          await readable.pipeTo(writable);
        }),
      );
      const stream = (await open(world, { protocols: ['a'] })).toWeb();
      const { readable, writable, protocol, extensions } = await stream.opened;
      expect([stream.url, protocol, extensions]).toEqual(['ws://server/', '', '']);
      const writer = writable.getWriter();
      const reader = readable.getReader();
      await writer.write('text');
      expect((await reader.read()).value).toBe('text');
      for (const bytes of [Uint8Array.of(1, 2), new DataView(Uint8Array.of(1, 2).buffer)]) {
        await writer.write(bytes);
        expect((await reader.read()).value).toEqual(Uint8Array.of(1, 2));
      }
      await writer.write(Uint8Array.of(3).buffer);
      expect((await reader.read()).value).toEqual(Uint8Array.of(3));
      stream.close({ closeCode: 4000, reason: 'done' });
      expect(await reader.read()).toEqual({ done: true, value: undefined });
      expect(await stream.closed).toEqual({ closeCode: 4000, reason: 'done' });
    }));

  test.each<[string, (stream: ReturnType<WebSocket['toWeb']>) => Promise<unknown>, object]>([
    ['close', async (stream) => stream.close(), { code: 1005, reason: '' }],
    ['close', async (stream) => stream.close({ reason: 'x' }), { code: 1000, reason: 'x' }],
    ['close', async (stream) => stream.close({ closeCode: 3001 }), { code: 3001, reason: '' }],
    [
      'the end of the writer',
      async (stream) => (await stream.opened).writable.close(),
      { code: 1005 },
    ],
    [
      'an abort',
      async (stream) => (await stream.opened).writable.abort(new Error('x')),
      { code: 1005 },
    ],
    [
      'an abort with a code',
      async (stream) => (await stream.opened).writable.abort({ closeCode: 4001, reason: 'why' }),
      { code: 4001, reason: 'why' },
    ],
    ['a cancel', async (stream) => (await stream.opened).readable.cancel(), { code: 1005 }],
    [
      'a cancel with a code that is not for pages',
      async (stream) => (await stream.opened).readable.cancel({ closeCode: 1001 }),
      { code: 1005 },
    ],
  ])('is closed by %s', (_how, close, end) =>
    simulated(async (world) => {
      const seen = deferred<unknown>();
      await world.serve(talking(async (socket) => seen.resolve(await socket.closed)));
      const stream = (await open(world)).toWeb();
      await close(stream);
      expect(await seen.promise).toMatchObject({ ...end, by: 'peer', isClean: true });
      await stream.closed;
    }),
  );

  test('does not read ahead of its reader, and waits with its writer', () =>
    simulated(async (world) => {
      const given = deferred<WebSocket>();
      await world.serve(
        talking(async (socket) => {
          given.resolve(socket);
          await socket.closed;
        }),
      );
      const socket = await open(world);
      const { writable } = await socket.toWeb().opened;
      const writer = writable.getWriter();
      let written = 0;
      const writing = (async () => {
        for (let index = 0; index < 60; index += 1) {
          await writer.ready;
          written += 1;
          await writer.write('x'.repeat(100_000));
        }
      })();
      await world.sleep(2_000);
      expect(written).toBeLessThan(60);
      const peer = await given.promise;
      const taken = (): number => peer.statistics().received - peer.statistics().unread;
      const { readable } = await peer.toWeb().opened;
      await world.sleep(100);
      expect(taken()).toBe(0);
      const reader = readable.getReader();
      for (let index = 0; index < 60; index += 1) await reader.read();
      await writing;
    }));

  test('has a reason when it breaks, for reader, writer and `closed`', () =>
    simulated(async (world) => {
      await world.serve(talking((socket) => socket.reset()));
      const stream = (await open(world)).toWeb();
      const { readable, writable } = await stream.opened;
      await expect(readable.getReader().read()).rejects.toMatchObject({ code: 'ECONNRESET' });
      await expect(stream.closed).rejects.toMatchObject({ code: 'ECONNRESET' });
      await expect(writable.getWriter().closed).rejects.toMatchObject({ code: 'ECONNRESET' });
    }));

  test('refuses what cannot be sent', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const stream = (await open(world)).toWeb();
      const { writable } = await stream.opened;
      for (const [info, name] of [
        [{ closeCode: 1001 }, 'InvalidAccessError'],
        [{ closeCode: 2999 }, 'InvalidAccessError'],
        [{ closeCode: 1000, reason: 'x'.repeat(124) }, 'SyntaxError'],
      ] as const) {
        expect(() => stream.close(info)).toThrow(expect.objectContaining({ name }));
      }
      expect(() => stream.close(7 as never)).toThrow(InvalidInputError);
      await expect(writable.getWriter().write(7 as never)).rejects.toThrow(InvalidInputError);
    }));
});

describe('a WebSocket as a browser’s', () => {
  test('opens, talks and closes', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = browser(world);
      expect([socket.url, socket.readyState, socket.protocol, socket.extensions]).toEqual([
        'ws://server/',
        EventSocket.CONNECTING,
        '',
        '',
      ]);
      const log = logOf(socket);
      expect(() => socket.send('early')).toThrow(
        expect.objectContaining({ name: 'InvalidStateError' }),
      );
      await once(socket, 'open');
      expect(socket.readyState).toBe(socket.OPEN);
      socket.send('a');
      const event = await once<MessageEvent>(socket, 'message');
      expect([event.data, event.origin]).toEqual(['a', 'ws://server']);
      socket.close(4000, 'bye');
      expect(socket.readyState).toBe(EventSocket.CLOSING);
      const close = await once(socket, 'close');
      expect(close).toMatchObject({ code: 4000, reason: 'bye', wasClean: true });
      expect(socket.readyState).toBe(EventSocket.CLOSED);
      expect(log).toEqual(['open', 'message "a"', 'close 4000']);
    }));

  test('passes no message on once it closes', () =>
    simulated(async (world) => {
      await world.serve(
        talking(async (socket) => {
          for (let index = 0; socket.isOpen; index += 1) {
            await socket.send(String(index)).catch(() => {});
            await world.sleep(1);
          }
        }),
      );
      const socket = browser(world);
      await once(socket, 'message');
      socket.close();
      const log = logOf(socket);
      await once(socket, 'close');
      expect(log).toEqual(['close 1005']);
    }));

  test('has the constants on the class and on each of them', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = browser(world);
      for (const each of [BrowserWebSocket, socket]) {
        expect([each.CONNECTING, each.OPEN, each.CLOSING, each.CLOSED]).toEqual([0, 1, 2, 3]);
      }
      socket.close();
      await once(socket, 'close');
    }));

  test('agrees on a subprotocol', () =>
    simulated(async (world) => {
      await world.serve(talking((socket) => socket.closed, { protocols: ['b'] }));
      const socket = browser(world, { protocols: ['a', 'b'] });
      await once(socket, 'open');
      expect(socket.protocol).toBe('b');
      socket.close();
      await once(socket, 'close');
    }));

  test('gives bytes as a Blob, or an ArrayBuffer', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = browser(world);
      await once(socket, 'open');
      expect(socket.binaryType).toBe('blob');
      socket.send(Uint8Array.of(1, 2));
      const { data } = await once<MessageEvent>(socket, 'message');
      expect(data).toBeInstanceOf(Blob);
      expect(new Uint8Array(await data.arrayBuffer())).toEqual(Uint8Array.of(1, 2));
      socket.binaryType = 'arraybuffer';
      socket.binaryType = 'something' as never;
      expect(socket.binaryType).toBe('arraybuffer');
      socket.send(Uint8Array.of(3));
      const second = await once<MessageEvent>(socket, 'message');
      expect(new Uint8Array(second.data)).toEqual(Uint8Array.of(3));
      socket.close();
      await once(socket, 'close');
    }));

  test('sends strings, buffers, views, blobs and other values in order, copied with the call', () =>
    simulated(async (world) => {
      const received: string[] = [];
      await world.serve(
        talking(async (socket) => {
          for await (const message of socket) received.push(String(message));
        }),
      );
      const socket = browser(world);
      await once(socket, 'open');
      const bytes = Uint8Array.of(1);
      socket.send('text');
      socket.send(new Blob(['blob']));
      socket.send(bytes);
      socket.send(bytes.buffer);
      socket.send(new DataView(bytes.buffer));
      socket.send(7 as never);
      bytes.fill(9);
      socket.close();
      await once(socket, 'close');
      expect(received).toEqual(['text', '98,108,111,98', '1', '1', '1', '7']);
    }));

  test('counts what it has not sent, also what it never will', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = browser(world);
      await once(socket, 'open');
      socket.send('x'.repeat(1_000_000));
      socket.send('\u00e4');
      expect(socket.bufferedAmount).toBe(1_000_002);
      while (socket.bufferedAmount > 0) await world.sleep(10);
      socket.close();
      socket.send('late');
      expect(socket.bufferedAmount).toBe(4);
      await once(socket, 'close');
      socket.send('later');
      expect(socket.bufferedAmount).toBe(9);
    }));

  test('ends when more waits than may', () =>
    simulated(async (world) => {
      await world.serve(talking((socket) => socket.closed));
      const socket = browser(world, { maxBufferedBytes: 2_000_000 });
      await once(socket, 'open');
      const failed = once<Event & { error?: unknown }>(socket, 'error');
      const closed = once(socket, 'close');
      for (let index = 0; index < 30; index += 1) socket.send('x'.repeat(100_000));
      expect((await failed).error).toBeInstanceOf(LimitError);
      expect(await closed).toMatchObject({ code: 1006, wasClean: false });
    }));

  test('ends when more messages wait than may, also empty ones', () =>
    simulated(async (world) => {
      await world.serve(talking((socket) => socket.closed));
      const socket = browser(world, { maxBufferedBytes: 6_400 });
      await once(socket, 'open');
      const failed = once<Event & { error?: unknown }>(socket, 'error');
      let sent = 0;
      for (; socket.readyState === EventSocket.OPEN && sent < 1_000; sent += 1) socket.send('');
      expect(sent).toBe(102);
      expect((await failed).error).toBeInstanceOf(LimitError);
    }));

  test.each<[string, (world: World) => BrowserWebSocket]>([
    ['that no server is there for', (world) => browser(world)],
    [
      'that is closed before it is open',
      (world) => {
        const socket = browser(world);
        socket.close();
        expect(socket.readyState).toBe(EventSocket.CLOSING);
        return socket;
      },
    ],
  ])('%s has an error, then a close', (_what, make) =>
    simulated(async (world) => {
      const socket = make(world);
      const log = logOf(socket);
      const close = await once(socket, 'close');
      expect(close).toMatchObject({ code: 1006, reason: '', wasClean: false });
      expect(log).toEqual(['error', 'close 1006']);
    }),
  );

  test.each([
    [1001, undefined, 'InvalidAccessError'],
    [2999, undefined, 'InvalidAccessError'],
    [5000, undefined, 'InvalidAccessError'],
    [1000, 'ä'.repeat(62), 'SyntaxError'],
  ])('does not close with %p %p', (code, reason, name) =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = browser(world);
      expect(() => socket.close(code, reason)).toThrow(expect.objectContaining({ name }));
      await once(socket, 'open');
      socket.close();
      expect(await once(socket, 'close')).toMatchObject({ code: 1005, wasClean: true });
    }),
  );

  test.each<[unknown, unknown]>([
    ['server', undefined],
    ['ftp://server/', undefined],
    ['ws://server/#part', undefined],
    ['ws://server/', ['a', 'a']],
    ['ws://server/', 'not a token'],
  ])('is not made of %p and %p', (url, protocols) => {
    expect(() => new BrowserWebSocket(url as string, protocols as string[])).toThrow(
      expect.objectContaining({ name: 'SyntaxError' }),
    );
  });

  test('has handlers that are properties, in the order in which they were first set', () =>
    simulated(async (world) => {
      await world.serve(echoing);
      const socket = browser(world);
      const log: string[] = [];
      expect(socket.onmessage).toBeNull();
      Object.assign(socket, { onmessage: () => log.push('first handler') });
      socket.addEventListener('message', () => log.push('listener'));
      const handler = (): unknown => log.push('handler');
      Object.assign(socket, { onmessage: handler });
      expect(socket.onmessage).toBe(handler);
      Object.assign(socket, { onerror: () => log.push('error'), onopen: () => socket.send('a') });
      Object.assign(socket, { onerror: null });
      await once(socket, 'message');
      expect(log).toEqual(['handler', 'listener']);
      Object.assign(socket, { onmessage: 7 });
      expect(socket.onmessage).toBeNull();
      const removed = (): unknown => log.push('removed');
      socket.addEventListener('message', removed);
      socket.removeEventListener('message', removed);
      socket.addEventListener('message', null);
      socket.send('b');
      await once(socket, 'message');
      expect(log).toEqual(['handler', 'listener', 'listener']);
      const closed = deferred<unknown>();
      Object.assign(socket, { onclose: closed.resolve });
      socket.close(1000);
      expect(await closed.promise).toMatchObject({ code: 1000 });
    }));

  test('outlives listeners that fail, and calls objects', async () => {
    const printed: string[] = [];
    const { error } = console;
    console.error = (line: string) => printed.push(line);
    try {
      await simulated(async (world) => {
        await world.serve(echoing);
        const socket = browser(world);
        const onopen = (): void => {
          throw new Error('a bug');
        };
        Object.assign(socket, { onopen });
        socket.addEventListener('open', () => Promise.reject(new Error('another')));
        await once(socket, 'open');
        const seen = deferred<unknown>();
        const listener = {
          handleEvent(this: unknown, event: MessageEvent) {
            seen.resolve([this === listener, event.data]);
          },
        };
        socket.addEventListener('message', listener);
        socket.send('still there');
        expect(await seen.promise).toEqual([true, 'still there']);
        socket.close();
        await once(socket, 'close');
      });
    } finally {
      console.error = error;
    }
    expect(printed.join()).toContain('open failed: Error: a bug');
    expect(printed.join()).toContain('open failed: Error: another');
  });

  test('is made of one that is open too, and misses nothing', () =>
    simulated(async (world) => {
      const log: unknown[] = [];
      await world.serve(async (request, context) => {
        const { webSocket } = await import('../../src/websocket/index.ts');
        const socket = (await webSocket(request, context)).toEventTarget();
        expect([socket.url, socket.readyState]).toEqual(['ws://server/', EventSocket.OPEN]);
        socket.addEventListener('message', ({ data }: MessageEvent) => {
          log.push(data);
          socket.send(`got ${data}`);
        });
      });
      const socket = await open(world);
      await socket.send('a');
      expect(await socket.receive()).toBe('got a');
      await socket.close();
      expect(log).toEqual(['a']);
      expect(() => socket.toEventTarget({ maxBufferedBytes: 0 })).toThrow(InvalidInputError);
      expect(() => socket.toEventTarget({ limit: 1 } as never)).toThrow(InvalidInputError);
    }));
});
