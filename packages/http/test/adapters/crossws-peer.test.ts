/** What a hook of crossws can do with its peer. */

import { describe, expect, test } from '@jest/globals';
import type { Hooks } from 'crossws';
import { crosswsAdapter } from '../../src/adapters/crossws/index.ts';
import { readToEnd } from './sockets.ts';
import { withHooks, receive } from './crossws-hooks.ts';

describe('a peer', () => {
  test('gets the code and the reason of its end, once', () => {
    const seen: unknown[] = [];
    const hooks: Partial<Hooks> = {
      error: () => void seen.push('error'),
      close: (_peer, details) => void seen.push(details),
    };
    return withHooks(hooks, async ({ open, server }) => {
      await (await open()).close(4001, 'bye');
      await server.shutdown();
      expect(seen).toEqual([{ code: 4001, reason: 'bye' }]);
    });
  });

  test('that breaks is an error, then closed; one that is terminated here is closed alone', () => {
    const seen: unknown[] = [];
    const hooks: Partial<Hooks> = {
      message: (peer) => peer.terminate(),
      error: (_peer, error) => void seen.push(error.name),
      close: (_peer, { code }) => void seen.push(code),
    };
    return withHooks(hooks, async ({ open, server, errors }) => {
      const [broken, terminated] = [await open(), await open()];
      await terminated.send('now');
      await terminated.closed;
      broken.reset();
      while (seen.length < 3) await new Promise(setImmediate);
      await server.shutdown();
      expect(seen).toEqual([1006, 'WSError', 1006]);
      expect(errors).toEqual([]);
    });
  });

  test('sends values of every type as crossws does', () => {
    const values = ['text', 5, true, 7n, null, undefined, { a: 1 }, [1], () => 1];
    const hooks: Partial<Hooks> = {
      open: (peer) => {
        for (const value of values) peer.send(value);
        peer.send(Uint8Array.of(1));
        peer.send(Uint8Array.of(2).buffer);
        peer.send(new DataView(Uint8Array.of(0, 3, 0).buffer, 1, 1));
        peer.close();
      },
    };
    return withHooks(hooks, async ({ open }) => {
      const bytes = [1, 2, 3].map((byte) => Uint8Array.of(byte));
      expect(await readToEnd(await open())).toEqual([
        ['text', '5', 'true', '7', '', '', '{"a":1}', '[1]', '{}', ...bytes],
        1000,
        '',
      ]);
    });
  });

  test('sends a message on as it came', () =>
    withHooks({ message: (peer, message) => void peer.send(message) }, async ({ open }) => {
      const socket = await open();
      for (const message of ['text', Uint8Array.of(1, 200)]) {
        await socket.send(message);
        expect(await socket.receive()).toEqual(message);
      }
      await socket.close();
    }));

  test.each<object>([{ orgins: [] }, { bufferedBytes: 0 }, { headers: {} }])(
    'has no WebSockets with the options %j',
    (webSocket) => {
      expect(() => crosswsAdapter({ webSocket })).toThrow(/crosswsAdapter: .*`webSocket\./);
    },
  );

  test('reads a message in every form', () => {
    const seen: unknown[] = [];
    const hooks: Partial<Hooks> = {
      message: (peer, message) => {
        seen.push(message.text(), message.uint8Array(), message.arrayBuffer(), message.rawData);
        seen.push(String(message), message.peer === peer, message.id === message.id);
        for (const type of ['arraybuffer', 'nodebuffer', 'uint8array', 'text', undefined]) {
          (peer.websocket as { binaryType: string | undefined }).binaryType = type;
          seen.push(message.data);
        }
        if (message.text() === '{}') seen.push(message.json());
        peer.close();
      },
    };
    return withHooks(hooks, async ({ open }) => {
      for (const sent of ['{}', Uint8Array.of(104, 105)]) {
        const socket = await open();
        await socket.send(sent);
        await readToEnd(socket);
        const bytes = Uint8Array.from(Buffer.from(sent));
        const text = Buffer.from(sent).toString();
        const forms = [bytes.buffer, Buffer.from(bytes), bytes, text, sent];
        const json = text === '{}' ? [{}] : [];
        expect(seen.splice(0)).toEqual([
          text,
          bytes,
          bytes.buffer,
          sent,
          text,
          true,
          true,
          ...forms,
          ...json,
        ]);
      }
    });
  });

  test('that takes too little is closed with 1008, and drain says when it has taken all', () => {
    const seen: string[] = [];
    const big = 'x'.repeat(100_000);
    const hooks: Partial<Hooks> = {
      open: async (peer) => {
        while (peer.bufferedAmount < 400_000) peer.send(big);
        peer.send('all');
        await peer.waitForDrain({ threshold: 200_000 });
        seen.push(`at most ${Math.ceil(peer.bufferedAmount / 200_000) * 200_000}`);
        await peer.waitForDrain();
        seen.push(`at most ${peer.bufferedAmount}`);
      },
      drain: () => void seen.push('drain'),
      message: (peer) => {
        while (peer.websocket.readyState === 1) peer.send(big);
      },
    };
    const options = { webSocket: { bufferedBytes: 500_000 } };
    return withHooks(
      hooks,
      async ({ open, errors }) => {
        const socket = await open('/', { limits: { readAheadMessages: 1 } });
        while ((await socket.receive()) !== 'all');
        while (seen.length < 3) await new Promise(setImmediate);
        expect(new Set(seen)).toEqual(new Set(['at most 200000', 'at most 0', 'drain']));
        await socket.send('more');
        expect((await readToEnd(socket)).slice(1)).toEqual([1008, 'too slow']);
        expect(errors).toEqual([]);
      },
      options,
    );
  });

  test('gives up waiting for a drain with the reason of a signal', () => {
    const reasons: unknown[] = [];
    const hooks: Partial<Hooks> = {
      open: async (peer) => {
        while (peer.bufferedAmount < 400_000) peer.send('x'.repeat(100_000));
        const given = peer.waitForDrain({ signal: AbortSignal.abort('before') });
        await given.catch((reason: unknown) => reasons.push(reason));
        const controller = new AbortController();
        const waiting = peer.waitForDrain({ signal: controller.signal });
        controller.abort('meanwhile');
        await waiting.catch((reason: unknown) => reasons.push(reason));
        const open = peer.waitForDrain();
        peer.terminate();
        await open;
        reasons.push('closed');
      },
    };
    return withHooks(hooks, async ({ open, server, errors }) => {
      const socket = await open('/', { limits: { readAheadMessages: 1 } });
      while (reasons.length < 3) await new Promise(setImmediate);
      await readToEnd(socket).catch(() => {});
      await server.shutdown();
      expect([reasons, errors]).toEqual([['before', 'meanwhile', 'closed'], []]);
    });
  });

  test('that has left a topic, or is closed, gets nothing of it, and the topic is forgotten', () => {
    const hooks: Partial<Hooks> = {
      open: (peer) => peer.subscribe('news'),
      message: (peer, message) => {
        if (message.text() === 'leave') peer.unsubscribe('news');
        else peer.publish('news', message.text());
        peer.send([...peer.topics].join());
      },
    };
    return withHooks(hooks, async ({ open }, adapter) => {
      const [first, second] = [await open(), await open()];
      await first.send('leave');
      expect(await receive(first)).toBe('');
      adapter.publish('news', 'to the second');
      expect(await receive(second)).toBe('to the second');
      await second.close();
      adapter.publish('news', 'to no one');
      await first.send('and this');
      expect(await receive(first)).toBe('');
      await first.close();
    });
  });
});
