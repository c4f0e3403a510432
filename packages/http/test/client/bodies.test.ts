import { describe, expect, test } from '@jest/globals';
import type { SimFaults } from '@awaitio/core/testing';
import { echo, HttpResponse, LocalProtocolError } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import { pattern, TROUBLE, URL_ } from './bodies.ts';

describe('the body of a request', () => {
  test.each([
    ['text', 'naïve', '6'],
    ['bytes', pattern(100_000), '100000'],
    ['nothing', undefined, '0'],
  ])('that is %s has a Content-Length', (_what, body, length) =>
    simulated(async (world) => {
      await world.serve(async (incoming) =>
        HttpResponse.json([
          incoming.headers.get('content-length'),
          (await incoming.bytes()).length,
        ]),
      );
      const response = await world.client().post(URL_, body);
      expect(await response.json()).toEqual([length, Number(length)]);
    }),
  );

  test.each(['a€b', '😀', 'Ċč', 'a\ud83d', 'plain', `${'x'.repeat(40_000)}€`])(
    'is the UTF-8 of text, whole and in pieces: %j',
    (sent) =>
      simulated(async (world) => {
        const got: Buffer[] = [];
        await world.serve(async (incoming) => {
          got.push(Buffer.from(await incoming.bytes()));
          return HttpResponse.empty();
        });
        const client = world.client();
        await client.post(URL_, sent);
        await client.post(URL_, [sent, sent]);
        const expected = Buffer.from(sent);
        expect(got.map((body) => body.toString('hex'))).toEqual([
          expected.toString('hex'),
          Buffer.concat([expected, expected]).toString('hex'),
        ]);
      }),
  );

  test.each(['€', 'Ċ', '\u0100', '\ud83d'])(
    'is not sent where a header or a trailer has %j, which is no latin1, and the error says so',
    (value) =>
      simulated(async (world) => {
        await world.serve(() => HttpResponse.empty());
        const client = world.client();
        const says = /X: expected a value of visible latin1 characters/;
        await expect(client.post(URL_, 'body', { headers: { X: value } })).rejects.toThrow(says);
        await expect(client.post(URL_, ['body'], { trailers: { X: value } })).rejects.toThrow(says);
        expect(() => HttpResponse.text('', { headers: { X: value } })).toThrow(says);
      }),
  );

  test('is not announced by methods that have none', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().get(URL_);
      const wire = await server.accept();
      expect(await wire.head()).toBe('GET / HTTP/1.1\r\nHost: server\r\n\r\n');
      await wire.send('HTTP/1.1 204 No Content\r\n\r\n');
      await answer;
    }));

  test.each<[string, SimFaults]>([
    ['a calm network', {}],
    ['a network in trouble', TROUBLE],
  ])('is streamed in chunks, byte for byte, over %s', (_what, faults) =>
    simulated(
      async (world) => {
        await world.serve(echo({ prefix: '' }));
        const pieces = [1, 20_000, 3, 70_000, 16_384].map((size, index) => pattern(size, index));
        const response = await world.client().post(URL_, pieces);
        const whole = Buffer.concat(pieces.map((piece, index) => pattern(piece.length, index)));
        expect(Buffer.from(await response.bytes()).equals(whole)).toBe(true);
      },
      { faults },
    ),
  );

  test('is asked of the program only as fast as the server takes it', () =>
    simulated(async (world) => {
      const server = await world.listen();
      let made = 0;
      const answer = world.client().post(
        URL_,
        (function* () {
          for (; made < 100; made += 1) yield pattern(10_000);
        })(),
        { length: 1_000_000 },
      );
      const wire = await server.accept();
      const head = await wire.head();
      expect(head).toMatch(/\r\nContent-Length: 1000000\r\n/);
      await world.sleep(1_000);
      expect(made).toBeLessThan(40);
      expect((await wire.stream.readExactly(1_000_000)).length).toBe(1_000_000);
      await wire.send('HTTP/1.1 204 No Content\r\n\r\n');
      expect((await answer).status).toBe(204);
    }));

  test('may end with trailers that are known only then', () =>
    simulated(async (world) => {
      await world.serve(async (incoming) => {
        await incoming.bytes();
        return HttpResponse.text(incoming.trailers?.get('x-count') ?? 'none');
      });
      let count = 0;
      const body = (function* () {
        for (; count < 3; count += 1) yield 'piece';
      })();
      const response = await world.client().post(URL_, body, {
        trailers: () => ({ 'X-Count': count }),
      });
      expect(await response.text()).toBe('3');
    }));

  test.each([
    ['longer', 5, 'ERR_HTTP_BODY_TOO_LONG'],
    ['shorter', 100, 'ERR_HTTP_BODY_TOO_SHORT'],
  ])(
    'that is %s than announced fails the request and breaks the connection',
    (_how, length, code) =>
      simulated(async (world) => {
        await world.serve(echo());
        const failure = world.client().post(URL_, ['1234', '5678'], { length });
        await expect(failure).rejects.toBeInstanceOf(LocalProtocolError);
        await expect(failure).rejects.toMatchObject({ code });
      }),
  );

  test('that fails fails the request with the same error', () =>
    simulated(async (world) => {
      await world.serve(async (incoming) => HttpResponse.text(await incoming.text()));
      const body = (async function* () {
        yield 'one';
        await world.sleep(10);
        throw new RangeError('the disk is gone');
      })();
      await expect(world.client().post(URL_, body)).rejects.toThrow(
        new RangeError('the disk is gone'),
      );
    }));

  test('is given up, and its maker returned, when the server answers before the end', () =>
    simulated(async (world) => {
      const server = await world.listen();
      let isTold = false;
      const body = (async function* () {
        try {
          for (;;) {
            yield 'piece';
            await world.sleep(100);
          }
        } finally {
          isTold = true;
        }
      })();
      const answer = world.client().post(URL_, body);
      const wire = await server.accept();
      await wire.head();
      await wire.send('HTTP/1.1 403 Forbidden\r\nContent-Length: 2\r\n\r\nno');
      const response = await answer;
      expect([response.status, await response.text()]).toEqual([403, 'no']);
      await world.sleep(200);
      expect(isTold).toBe(true);
      // Half a request is on it: nothing else may be.
      await wire.rest().catch(() => '');
      expect(wire.stream.readiness & 4).toBe(4);
    }));

  test('does not hide an answer that came before the connection broke', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().post(URL_, pattern(3_000_000));
      const wire = await server.accept();
      await wire.head();
      await wire.send(
        'HTTP/1.1 413 Payload Too Large\r\nConnection: close\r\nContent-Length: 4\r\n\r\nmuch',
      );
      await wire.finish();
      const response = await answer;
      wire.stream.reset();
      await world.sleep(100);
      expect([response.status, await response.text()]).toEqual([413, 'much']);
    }));
});

describe('Expect: 100-continue', () => {
  test('holds the body back until the server gives leave', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().post(URL_, 'body', { expectContinue: true });
      const wire = await server.accept();
      expect(await wire.head()).toMatch(/\r\nExpect: 100-continue\r\n/i);
      await world.sleep(500);
      expect(wire.stream.isReadable).toBe(false);
      await wire.send('HTTP/1.1 100 Continue\r\n\r\n');
      expect(Buffer.from(await wire.stream.readExactly(4)).toString()).toBe('body');
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      expect(await (await answer).text()).toBe('ok');
    }));

  test('sends the body all the same when the server says nothing', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().post(URL_, 'body', { expectContinue: true });
      const wire = await server.accept();
      await wire.head();
      const since = world.now;
      await wire.stream.readExactly(4);
      expect(Math.round((world.now - since) / 100)).toBe(10);
      await wire.send('HTTP/1.1 204 No Content\r\n\r\n');
      expect((await answer).status).toBe(204);
    }));

  test('does not take another informational response for leave', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().post(URL_, 'body', { expectContinue: true });
      const wire = await server.accept();
      await wire.head();
      await wire.send('HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n');
      await world.sleep(500);
      expect(wire.stream.isReadable).toBe(false);
      await wire.send('HTTP/1.1 100 Continue\r\n\r\n');
      await wire.stream.readExactly(4);
      await wire.send('HTTP/1.1 204 No Content\r\n\r\n');
      await answer;
    }));

  test('does not send the body when the server answers instead', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().post(URL_, 'body', { expectContinue: true });
      const wire = await server.accept();
      await wire.head();
      await wire.send('HTTP/1.1 401 Unauthorized\r\nContent-Length: 100\r\n\r\nno');
      const response = await answer;
      expect(response.status).toBe(401);
      await world.sleep(2_000);
      expect(wire.stream.isReadable).toBe(false);
      await wire.send('x'.repeat(98));
      expect((await response.text()).length).toBe(100);
      // The server may still take the next bytes for the body.
      expect(await wire.rest()).toBe('');
    }));

  test('works against our own server, read or unread', () =>
    simulated(async (world) => {
      await world.serve(async (incoming) =>
        incoming.path === '/no'
          ? HttpResponse.empty({ status: 403 })
          : HttpResponse.text(await incoming.text()),
      );
      const client = world.client();
      const options = { expectContinue: true };
      expect(await (await client.post(URL_, 'body', options)).text()).toBe('body');
      expect((await client.post(`${URL_}no`, 'body', options)).status).toBe(403);
      expect(await (await client.post(URL_, 'again', options)).text()).toBe('again');
    }));
});

describe('informational responses', () => {
  test('are reported as they come, before the answer', () =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        context.informational(103, { Link: '</style.css>; rel=preload' });
        await world.sleep(100);
        context.informational(102);
        return HttpResponse.text('at last');
      });
      const received: unknown[] = [];
      const response = await world.client().get(URL_, {
        onInformational: (status, headers) => received.push([status, [...headers]]),
      });
      expect(await response.text()).toBe('at last');
      expect(received).toEqual([
        [103, [['Link', '</style.css>; rel=preload']]],
        [102, []],
      ]);
    }));

  test('fail the request when their listener fails', () =>
    simulated(async (world) => {
      await world.serve((_request, context) => {
        context.informational(103);
        return HttpResponse.text('never seen');
      });
      const failure = world.client().get(URL_, {
        onInformational: () => {
          throw new RangeError('no');
        },
      });
      await expect(failure).rejects.toThrow(new RangeError('no'));
    }));
});

describe('a switch of protocols', () => {
  const headers = { Connection: 'Upgrade', Upgrade: 'chat' };

  test('gives the caller the stream, with the first bytes of the new protocol in it', () =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        const { stream } = await context.upgrade({ headers });
        await stream.writeAll('welcome\n');
        await stream.writeAll(`you said ${await stream.readLine()}\n`);
        await stream.close();
      });
      const client = world.client();
      const response = await client.get(URL_, { headers });
      expect([response.status, response.headers.get('upgrade'), await response.text()]).toEqual([
        101,
        'chat',
        '',
      ]);
      const stream = response.takeStream();
      expect(client.statistics()['http://server']).toEqual({ open: 0, idle: 0, waiting: 0 });
      expect(() => response.takeStream()).toThrow(LocalProtocolError);
      response.discard();
      expect(await stream.readLine()).toBe('welcome');
      await world.sleep(100_000);
      await stream.writeAll('hello\n');
      expect(await stream.readLine()).toBe('you said hello');
      expect(await stream.readLine()).toBeNull();
      await stream.close();
    }));

  test('that no one wants ends with the response', () =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        const { stream } = await context.upgrade({ headers });
        await stream.readClosed();
        await stream.close();
      });
      const client = world.client();
      const response = await client.get(URL_, { headers });
      response.discard();
      expect(client.statistics()['http://server']).toEqual({ open: 0, idle: 0, waiting: 0 });
    }));

  test('that was not made leaves an answer as any other', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const client = world.client();
      for (let n = 0; n < 2; n += 1) {
        const response = await client.get(URL_, { headers });
        expect([response.status, await response.text()]).toEqual([200, 'echo: ']);
        expect(() => response.takeStream()).toThrow('expected a response that switches protocols');
      }
      expect(client.statistics()['http://server']).toEqual({ open: 1, idle: 1, waiting: 0 });
    }));
});
