import { describe, expect, test } from '@jest/globals';
import { lockstepPair } from '@awaitio/core/testing';
import {
  Executor,
  MemoryListener,
  type ByteStream,
  type TaskContext,
  type TaskOptions,
} from '@awaitio/core';
import { echo, HttpClient, HttpResponse, LocalProtocolError, serve } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import { Wire } from '../support/wire.ts';
import { get, paths } from './requests.ts';

describe('a connection', () => {
  test.each([
    ['1.1', '', undefined, true],
    ['1.1', 'Connection: keep-alive\r\n', undefined, true],
    ['1.1', 'Connection: close\r\n', 'close', false],
    ['1.1', 'Connection: CLOSE\r\n', 'close', false],
    ['1.1', 'Connection: x, close\r\n', 'close', false],
    ['1.0', '', 'close', false],
    ['1.0', 'Connection: keep-alive\r\n', 'keep-alive', true],
    ['1.0', 'Connection: Keep-Alive\r\n', 'keep-alive', true],
    ['1.0', 'Connection: close\r\n', 'close', false],
  ])('of HTTP/%s with %j says %j', (version, fields, connection, isKept) =>
    simulated(async (world) => {
      await world.serve(paths);
      const wire = await world.connect();
      await wire.send(get('/', fields, version));
      expect((await wire.response()).get('connection')).toBe(connection);
      await world.sleep(1_000);
      expect(wire.stream.isReadable).toBe(!isKept);
    }),
  );

  test('ends when the answer says so', () =>
    simulated(async (world) => {
      await world.serve((request) =>
        HttpResponse.text('last', {
          ...(request.path === '/init' ? { close: true } : {}),
          ...(request.path === '/field' ? { headers: { Connection: 'close' } } : {}),
        }),
      );
      for (const path of ['/init', '/field']) {
        const wire = await world.connect();
        await wire.send(get(path));
        expect((await wire.response()).get('connection')).toBe('close');
        expect(await wire.rest()).toBe('');
      }
    }));

  test('ends after as many requests as it may have', () =>
    simulated(async (world) => {
      await world.serve(paths, { maxRequestsPerConnection: 3 });
      const wire = await world.connect();
      await wire.send(get('/1') + get('/2') + get('/3') + get('/4'));
      const seen: unknown[] = [];
      for (let n = 1; n <= 3; n += 1) {
        const { body, get: field } = await wire.response();
        seen.push([body, field('connection')]);
      }
      expect(seen).toEqual([
        ['/1', undefined],
        ['/2', undefined],
        ['/3', 'close'],
      ]);
      expect(await wire.rest()).toBe('');
    }));

  test('ignores what comes after a request that said close, and its answer stands', () =>
    simulated(async (world) => {
      let handled = 0;
      await world.serve(() => {
        handled += 1;
        return HttpResponse.text('good');
      });
      const wire = await world.connect();
      await wire.send(`${get('/', 'Connection: close\r\n')}${get()}garbage`);
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\ngood$/);
      expect(handled).toBe(1);
    }));

  test('is served whole over a stream that has no buffer at all', async () => {
    const streams: ByteStream[] = [];
    const listener = new MemoryListener();
    const server = await serve(echo(), { listener });
    const [ours, theirs] = lockstepPair();
    server.serveStream(theirs);
    streams.push(ours);
    const wire = new Wire(ours);
    const sent = wire.send(
      'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nbody\r\n0\r\n\r\n' +
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nagain',
    );
    const first = await wire.response();
    const second = await wire.response();
    await sent;
    expect([first.body, second.body]).toEqual(['echo: body', 'echo: again']);
    await wire.close();
    const report = await server.shutdown();
    expect(report.aborted).toEqual([]);
  });
});

describe('pipelined requests', () => {
  test('are handled one after another, and answered in order', () =>
    simulated(async (world) => {
      const log: string[] = [];
      await world.serve(async (request) => {
        log.push(`begins ${request.path}`);
        await world.sleep(request.path === '/a' ? 300 : 10);
        log.push(`ends ${request.path}`);
        return HttpResponse.text(request.path);
      });
      const wire = await world.connect();
      await wire.send(get('/a') + get('/b') + get('/c'));
      for (const path of ['/a', '/b', '/c']) expect((await wire.response()).body).toBe(path);
      expect(log).toEqual(['/a', '/b', '/c'].flatMap((path) => [`begins ${path}`, `ends ${path}`]));
    }));

  test('have their answers as soon as they are made, whatever the next one takes', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await world.sleep(request.path === '/slow' ? 5_000 : 0);
        return HttpResponse.text(request.path);
      });
      const wire = await world.connect();
      await wire.send(get('/fast') + get('/slow'));
      expect((await wire.response()).body).toBe('/fast');
      expect(world.now).toBeLessThan(100);
      expect((await wire.response()).body).toBe('/slow');
    }));

  test('are read ahead only so far, however many come', () =>
    simulated(async (world) => {
      let handled = 0;
      const server = await world.serve(async () => {
        handled += 1;
        await world.sleep(100);
        return HttpResponse.empty();
      });
      const wire = await world.connect();
      const batch = get().repeat(1_000);
      let sent = 0;
      const sending = (async () => {
        for (let n = 0; n < 20; n += 1) {
          await wire.send(batch);
          sent += batch.length;
        }
      })().catch(() => {});
      await world.sleep(1_000);
      expect(handled).toBeLessThan(12);
      // 64 KiB in the stream, 32 requests parsed, and what the network holds; of 540 000 bytes.
      expect(sent).toBeLessThan(300_000);
      expect(server.statistics().requests.active).toBe(1);
      wire.stream.reset();
      await sending;
    }));

  test('that came before garbage get their answers, and the garbage its 400', () =>
    simulated(async (world) => {
      await world.serve(paths);
      const wire = await world.connect();
      await wire.send(`${get('/good')}garbage\r\n\r\n`);
      expect((await wire.response()).body).toBe('/good');
      const last = await wire.response();
      expect([last.status, last.get('connection')]).toEqual([400, 'close']);
      expect(await wire.rest()).toBe('');
    }));

  test('with bodies, some of them unread, stay in step', () =>
    simulated(
      async (world) => {
        await world.serve(async (request) =>
          HttpResponse.text(
            request.path === '/read' ? await request.text() : `unread ${request.path}`,
          ),
        );
        const post = (path: string, body: string): string =>
          `POST ${path} HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
        const wire = await world.connect();
        const evil = get('/smuggled');
        const sent = wire.send(
          post('/read', evil) + post('/skip', evil) + get('/last') + post('/read', 'end'),
        );
        const bodies = [];
        for (let n = 0; n < 4; n += 1) bodies.push((await wire.response()).body);
        await sent;
        expect(bodies).toEqual([evil, 'unread /skip', 'unread /last', 'end']);
      },
      { faults: { split: 0.7, window: 1 } },
    ));
});

describe('a request target', () => {
  test.each([
    ['GET', '/path?query', '/path'],
    ['GET', 'http://other.example/path?query', '/path'],
    ['GET', 'http://other.example', '/'],
    ['GET', 'http://other.example?query', '/'],
    ['OPTIONS', '*', '*'],
  ])('%s %s has the path %s', (method, target, path) =>
    simulated(async (world) => {
      await world.serve((request) =>
        HttpResponse.json([request.target, request.path, request.headers.get('host')]),
      );
      const wire = await world.connect();
      await wire.send(`${method} ${target} HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect(JSON.parse((await wire.response()).body)).toEqual([target, path, 'a']);
    }),
  );
});

describe('the end of a connection', () => {
  const closing = get('/', 'Connection: close\r\n');

  test.each([
    ['when this side has decided it', get(), { maxRequestsPerConnection: 1 }],
    ['when the client has said close, and must not', closing, {}],
    [
      'when its request says close, and the rest of it is wrong',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      {},
    ],
    [
      'when the request has not come whole',
      'POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 9\r\n\r\nbody',
      {},
    ],
  ])('waits for the client, which may still be sending, %s', (_when, request, options) =>
    simulated(async (world) => {
      const server = await world.serve(paths, options);
      const wire = await world.connect();
      await wire.send(request);
      expect(await wire.rest()).toMatch(/\r\n\r\n\/$/);
      await world.sleep(1_000);
      expect(server.statistics().connections.open).toBe(1);
      // No reset for what comes late.
      await wire.send('late');
      await wire.close();
      expect((await wire.closed).how).toBe('eof');
    }),
  );

  test('comes when a slow client has taken all of the answer, however long that takes', () =>
    simulated(
      async (world) => {
        const server = await world.serve(() => HttpResponse.bytes(new Uint8Array(1_000_000)));
        const wire = await world.connect();
        await wire.send(closing);
        let length = 0;
        for await (const chunk of wire.stream) {
          length += chunk.length;
          await world.sleep(1_000);
        }
        expect(length).toBeGreaterThan(1_000_000);
        await world.sleep(1_000);
        expect(server.statistics().connections.open).toBe(0);
      },
      { latency: [1, 5] },
    ));
});

describe('a half-closed client', () => {
  test('gets the answers to all its requests, and then the end', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await world.sleep(500);
        return HttpResponse.stream(['answer to ', request.path]);
      });
      const wire = await world.connect();
      await wire.send(get('/1') + get('/2'));
      await wire.finish();
      expect((await wire.response()).body).toBe('answer to /1');
      expect((await wire.response()).body).toBe('answer to /2');
      expect(await wire.rest()).toBe('');
    }));

  test('gets a body of any length', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(['x'.repeat(400_000), 'y'.repeat(400_000)]));
      const wire = await world.connect();
      await wire.send(get());
      await wire.finish();
      expect((await wire.response()).body.length).toBe(800_000);
    }));

  test('that has sent nothing is let go without a word', () =>
    simulated(async (world) => {
      const server = await world.serve(paths);
      const wire = await world.connect();
      await wire.finish();
      expect(await wire.rest()).toBe('');
      await wire.closed;
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([]);
    }));
});

describe('informational responses', () => {
  test('go out before the answer, with their fields, as they are sent', () =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        context.informational(103, { Link: '</a.css>; rel=preload' });
        await world.sleep(1_000);
        return HttpResponse.text('answer');
      });
      const wire = await world.connect();
      await wire.send(get());
      expect(await wire.head()).toBe(
        'HTTP/1.1 103 Early Hints\r\nLink: </a.css>; rel=preload\r\n\r\n',
      );
      expect(world.now).toBeLessThan(100);
      expect((await wire.response()).body).toBe('answer');
    }));

  test('are not sent to a client of HTTP/1.0', () =>
    simulated(async (world) => {
      await world.serve((_request, context) => {
        context.informational(103);
        return HttpResponse.text('answer');
      });
      const wire = await world.connect();
      await wire.send(get('/', '', '1.0'));
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    }));

  test.each([99, 101, 200, 103.5])('refuse the status %d', (status) =>
    simulated(async (world) => {
      await world.serve((_request, context) => {
        context.informational(status);
        return HttpResponse.text('answer');
      });
      const wire = await world.connect();
      await wire.send(get());
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([expect.any(LocalProtocolError)]);
    }),
  );

  test('of a context that was kept do not go out before the answer to the next request', () =>
    simulated(async (world) => {
      const failures: unknown[] = [];
      let kept: (() => unknown)[] = [];
      await world.serve(async (request, context) => {
        if (request.path === '/first') {
          kept = [() => context.informational(103), () => context.upgrade()];
        } else {
          for (const call of kept) {
            try {
              await call();
            } catch (error) {
              failures.push(error);
            }
          }
        }
        return HttpResponse.text(request.path);
      });
      const wire = await world.connect();
      await wire.send(get('/first') + get('/second'));
      expect((await wire.response()).body).toBe('/first');
      expect((await wire.response()).body).toBe('/second');
      expect(failures).toEqual([expect.any(LocalProtocolError), expect.any(LocalProtocolError)]);
    }));
});

describe('waitUntil', () => {
  test('has the shutdown wait for work that goes on after the answer', () =>
    simulated(async (world) => {
      let isDone = false;
      const server = await world.serve((_request, context) => {
        context.waitUntil(
          world.sleep(2_000).then(() => {
            isDone = true;
          }),
        );
        return HttpResponse.text('at once');
      });
      const wire = await world.connect();
      await wire.send(get('/', 'Connection: close\r\n'));
      await wire.rest();
      expect(isDone).toBe(false);
      await server.shutdown();
      expect(isDone).toBe(true);
    }));

  test('tells the program when the work fails', () =>
    simulated(async (world) => {
      await world.serve((_request, context) => {
        context.waitUntil(world.sleep(10).then(() => Promise.reject(new RangeError('no ink'))));
        return HttpResponse.text('at once');
      });
      const wire = await world.connect();
      await wire.send(get());
      await wire.response();
      await world.sleep(100);
      expect(world.errors).toEqual([new RangeError('no ink')]);
    }));
});

test('a long connection leaves no more waits than a short one', () =>
  simulated(async (world) => {
    const listener = await world.sim.host('server').listen(80);
    const streams: ByteStream[] = [];
    const accept = listener.accept.bind(listener);
    Object.defineProperty(listener, 'accept', {
      value: async (...args: Parameters<typeof accept>) => {
        const stream = await accept(...args);
        streams.push(stream);
        return stream;
      },
    });
    await world.serve(
      (request) => {
        expect(request.signal.aborted).toBe(false);
        return HttpResponse.stream(['piece']);
      },
      { listener },
    );
    const wire = await world.connect();
    for (let n = 0; n < 50; n += 1) {
      await wire.send(get());
      await wire.response();
    }
    // One that reads the next request, one that watches for the client's end.
    expect(
      streams[0]
        ?.statistics()
        .waits.map(({ operation }) => operation)
        .toSorted(),
    ).toEqual(['readClosed', 'readWith']);
  }));

test('a connection is served on an executor whose contexts cannot be held', async () => {
  const executor = new Executor();
  const wrapped = {
    spawn: (run: (context: TaskContext) => unknown, options: TaskOptions) =>
      executor.spawn(
        ({ signal, spawn, name }) => run({ signal, spawn, name } as TaskContext),
        options,
      ),
  };
  const listener = new MemoryListener();
  const server = await serve(() => HttpResponse.text('hello'), {
    listener,
    executor: wrapped as unknown as Executor,
  });
  const client = new HttpClient({ connect: () => listener.connect() });
  expect(await (await client.get('http://in-memory/')).text()).toBe('hello');
  await client.close();
  expect(await server.shutdown({ grace: 1_000 })).toMatchObject({ aborted: [] });
  await executor.idle();
});
