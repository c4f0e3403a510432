/**
 * What the polling programs of the chapter that awaitio answers get wrong, one test for each mistake.
 *
 * The tests keep the numbers S1 to S17 by which the mistakes are known here; S18, of the poll set, is in the tests of
 * `Poll` in @awaitio/core. Each would fail on the behaviour that its comment tells.
 */

import { describe, expect, test } from '@jest/globals';
import { AddressError, BrokenError, ByteStream } from '@awaitio/core';
import type { Transport } from '@awaitio/core/lowlevel';
import type { SimListener } from '@awaitio/core/testing';
import { echo } from '../../src/handlers/echo.ts';
import { RemoteProtocolError } from '../../src/protocol/vocabulary/errors.ts';
import { HttpResponse } from '../../src/message/response.ts';
import { simulated } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const post = (body: string, fields = ''): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;

describe('the server', () => {
  // S1: "Conntent-Length", compared with case, never matches.
  test('frames a body by Content-Length, in whatever case it is written', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nhOST: a\r\ncONTENT-lENGTH: 13\r\n\r\n');
      await world.sleep(50);
      await wire.send('name=WasmEdge');
      expect((await wire.response()).body).toBe('echo: name=WasmEdge');
    }));

  // S2: a body that is not there yet closes the connection, and a length that is no number ends the process.
  test('waits for the rest of a body instead of closing', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000\r\n\r\n');
      for (let part = 0; part < 30; part += 1) {
        await world.sleep(100);
        await wire.send('x'.repeat(100));
      }
      expect((await wire.response()).body).toBe(`echo: ${'x'.repeat(3_000)}`);
    }));

  test.each(['x', '-1', '+1', '1 2', '', '0x10', '1e3', '99999999999999999999'])(
    'answers 400 to the Content-Length %j, and goes on serving',
    (length) =>
      simulated(async (world) => {
        await world.serve(echo());
        const bad = await world.connect();
        const answer = await bad.talk(
          `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nbody`,
        );
        expect(answer).toMatch(/^HTTP\/1\.1 400 Bad Request\r\n/);
        const good = await world.connect();
        await good.send(post('still here'));
        expect((await good.response()).body).toBe('echo: still here');
      }),
  );

  test('answers 413 to a body above the limit', () =>
    simulated(async (world) => {
      await world.serve(echo(), { limits: { bodyBytes: 10 } });
      const wire = await world.connect();
      expect(await wire.talk(post('12345678901'))).toMatch(/^HTTP\/1\.1 413 /);
    }));

  // S3: the read buffer is a local, so a request that comes in two events is lost.
  test('answers a request that is cut anywhere', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const request = post('name=WasmEdge', 'X-Field: value\r\n');
      const wire = await world.connect();
      for (let cut = 1; cut < request.length; cut += 1) {
        await wire.send(request.slice(0, cut));
        await world.sleep(10);
        await wire.send(request.slice(cut));
        const { status, body } = await wire.response();
        expect([cut, status, body]).toEqual([cut, 200, 'echo: name=WasmEdge']);
      }
    }));

  // S4: a body that is not UTF-8 is read again forever, and no other client is served.
  test('echoes bytes that are no text, and serves others meanwhile', () =>
    simulated(async (world) => {
      await world.serve(echo({ prefix: '' }));
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => index);
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 256\r\n\r\n');
      await wire.send(bytes.subarray(0, 200));
      const other = await world.connect();
      await other.send(post('text'));
      expect((await other.response()).body).toBe('text');
      await wire.send(bytes.subarray(200));
      expect((await wire.response()).body).toBe(Buffer.from(bytes).toString('latin1'));
    }));

  // S5: the end of the stream right after a request wins over the request.
  test.each(['1.0', '1.1'])('answers a client of HTTP/%s that has said FIN', (version) =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        const body = await request.text();
        await world.sleep(1_000);
        return HttpResponse.text(`after a while: ${body}`);
      });
      const wire = await world.connect();
      const answer = await wire.talk(
        `POST / HTTP/${version}\r\nHost: a\r\nContent-Length: 4\r\n\r\nbody`,
      );
      expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
      expect(answer).toMatch(/\r\n\r\nafter a while: body$/);
      expect((await wire.closed).how).toBe('shutdown');
    }),
  );

  // S6: a socket that is readable and gives no bytes is taken for an empty request, and closed.
  test('waits again when a readable stream gives no bytes', () =>
    simulated(async (world) => {
      const sinks: Parameters<Transport['start']>[0][] = [];
      const written: string[] = [];
      let closed: (() => void) | undefined;
      const transport: Transport = {
        unsent: 0,
        start: (sink) => {
          sinks.push(sink);
          closed = () => sink.onClosed();
        },
        pause: () => {},
        resume: () => {},
        write: (data) =>
          written.push(typeof data === 'string' ? data : Buffer.from(data).toString()),
        writev: () => {},
        end: (finished) => finished(),
        close: () => closed?.(),
        reset: () => closed?.(),
        setRef: () => {},
      };
      const stream = new ByteStream(transport, { clock: world.sim.clock });
      const listener = await world.sim.host('server').listen(80);
      const accept = listener.accept.bind(listener);
      let isFirst = true;
      Object.defineProperty(listener, 'accept', {
        value: () => {
          if (!isFirst) return accept();
          isFirst = false;
          return Promise.resolve(stream);
        },
      });
      await world.serve(echo(), { listener });
      await world.sleep(10);
      const [sink] = sinks;
      for (const piece of ['', post('body').slice(0, 30), '', post('body').slice(30), '']) {
        sink?.onData(Buffer.from(piece));
        await world.sleep(10);
      }
      expect(stream.isClosed).toBe(false);
      expect(written.join('')).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\necho: body$/);
      sink?.onEnd();
      await stream.closed;
    }));

  // S7: a partial write ends the server: one slow reader stops it for all.
  test('keeps what a slow reader has not taken, and serves others meanwhile', () =>
    simulated(
      async (world) => {
        const long = 'x'.repeat(300_000);
        await world.serve((request) =>
          HttpResponse.text(request.path === '/long' ? long : 'short'),
        );
        const slow = await world.connect();
        await slow.send('GET /long HTTP/1.1\r\nHost: a\r\n\r\n');
        await world.sleep(5_000);
        const other = await world.connect();
        await other.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
        expect((await other.response()).body).toBe('short');
        expect((await slow.response()).body === long).toBe(true);
      },
      { faults: { partialWrite: 1, window: 1, split: 0.5 } },
    ));

  // S8: a reset, an address that cannot be asked any more, an accept that fails: each ends the process.
  test.each([
    ['before the first byte', ''],
    ['inside a head', 'GET / HT'],
    ['inside a body', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf'],
    ['while it is answered', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n'],
  ])('survives a client that resets %s', (_when, bytes) =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await request.bytes();
        await world.sleep(100);
        return HttpResponse.text(request.remoteAddress === undefined ? '?' : 'fine');
      });
      const wire = await world.connect();
      await wire.send(bytes);
      await world.sleep(50);
      wire.stream.reset();
      await world.sleep(200);
      const other = await world.connect();
      await other.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect((await other.response()).body).toBe('fine');
    }),
  );

  test('goes on accepting after an accept that failed', () =>
    simulated(async (world) => {
      const listener: SimListener = await world.sim.host('server').listen(80);
      const accept = listener.accept.bind(listener);
      const failures: unknown[] = [
        new AddressError('accept: too many open files', { code: 'EMFILE', operation: 'accept' }),
        new BrokenError('accept: aborted', { code: 'ECONNABORTED', operation: 'accept' }),
      ];
      Object.defineProperty(listener, 'accept', {
        value: () => (failures.length > 0 ? Promise.reject(failures.shift()) : accept()),
      });
      await world.serve(echo(), { listener });
      const wire = await world.connect();
      await wire.send(post('body'));
      expect((await wire.response()).body).toBe('echo: body');
      expect(world.errors).toHaveLength(2);
    }));

  // S9: what comes after the first request in a packet is lost, and every connection ends after one.
  test('answers pipelined requests in order, and keeps the connection', () =>
    simulated(async (world) => {
      let running = 0;
      await world.serve(async (request) => {
        running += 1;
        expect(running).toBe(1);
        await world.sleep(request.path === '/1' ? 100 : 1);
        running -= 1;
        return HttpResponse.text(request.path);
      });
      const wire = await world.connect();
      await wire.send(
        [1, 2, 3].map((n) => `GET /${n} HTTP/1.1\r\nHost: a\r\n\r\n`).join('') + post('', ''),
      );
      for (const path of ['/1', '/2', '/3', '/']) {
        const { body, get } = await wire.response();
        expect([body, get('connection')]).toEqual([path, undefined]);
      }
      expect(wire.stream.isClosed).toBe(false);
    }));

  // S10: no limit on what a client may send, on how long it may take, nor on what it may leave unread.
  test('answers 431 to a head that does not end, having kept no more than the limit', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.1\r\nHost: a\r\nX: ');
      await wire.send('x'.repeat(20_000));
      expect((await wire.response()).status).toBe(431);
    }));

  test('gives up a client that never finishes its head, or never takes its answer', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('x'.repeat(1_000_000)));
      const silent = await world.connect();
      const drip = await world.connect();
      await drip.send('GET / HTTP/1.1\r\n');
      const deaf = await world.connect();
      await deaf.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      expect((await silent.stream.readClosed(), world.now)).toBeLessThan(15_200);
      expect(await drip.rest()).toMatch(/^HTTP\/1\.1 408 /);
      expect(world.now).toBeLessThan(15_300);
      await world.sleep(2_000);
      expect((await deaf.closed).how).toBe('reset');
    }));

  // S11: no Date, no 100-continue, a body in answers to HEAD, and no status but 200.
  test('says the date', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send(post('a'));
      expect((await wire.response()).get('date')).toBe('Wed, 01 Jan 2020 00:00:00 GMT');
    }));

  test('gives leave to send to a client that expects 100-continue', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send(
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 4\r\nExpect: 100-continue\r\n\r\n',
      );
      expect(await wire.head()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      await wire.send('body');
      expect((await wire.response()).body).toBe('echo: body');
    }));

  test('answers HEAD with the head of GET and nothing after it', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('the body'));
      const wire = await world.connect();
      await wire.send('HEAD / HTTP/1.1\r\nHost: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\n');
      const head = await wire.response('HEAD');
      const whole = await wire.response();
      expect(head.head).toBe(whole.head);
      expect(whole.body).toBe('the body');
    }));

  test.each([
    [400, 'GET / HTTP/1.1\r\n\r\n'],
    [400, 'GET /\r\n\r\n'],
    [400, 'GET / HTTP/1.1\r\nHost: a\r\nno colon\r\n\r\n'],
    [414, `GET /${'a'.repeat(9_000)} HTTP/1.1\r\nHost: a\r\n\r\n`],
    [417, 'POST / HTTP/1.1\r\nHost: a\r\nExpect: miracles\r\n\r\n'],
    [431, `GET / HTTP/1.1\r\nHost: a\r\n${'X: y\r\n'.repeat(101)}\r\n`],
    [501, 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: gzip, chunked\r\n\r\n'],
    [505, 'GET / HTTP/3.0\r\nHost: a\r\n\r\n'],
  ])('answers %i where it must', (status, bytes) =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      expect(await wire.talk(bytes)).toMatch(new RegExp(`^HTTP/1\\.1 ${status} `));
    }),
  );

  // S16: "GET / HTTP/1.0", line feed, line feed: what the chapter's client sends is no HTTP.
  test('refuses lines that end with a bare line feed', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      expect(await wire.talk('GET / HTTP/1.0\n\n')).toMatch(/^HTTP\/1\.1 400 /);
    }));

  // S17: the body ends with the first read below 1024 bytes, and what went wrong stands in the reason phrase.
  test('takes bodies of every length around the size of a buffer', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      for (const length of [0, 1, 1_023, 1_024, 1_025, 4_096, 65_535, 65_536, 65_537, 200_000]) {
        await wire.send(post('x'.repeat(length)));
        expect((await wire.response()).body.length).toBe(6 + length);
      }
    }));

  test('repeats nothing of a request, and nothing of an error, in an answer', () =>
    simulated(async (world) => {
      await world.serve(() => {
        throw new Error('a secret');
      });
      for (const request of [
        'GET /MARK HTTP/1.1\r\nHost: a\r\n\r\n',
        'GET /MARK\r\n\r\n',
        'MARK / HTTP/1.1\r\nHost: a\r\n\r\n',
        'GET / HTTP/1.1\r\nHost: MARK MARK\r\n\r\n',
        'POST / HTTP/1.1\r\nHost: a\r\nExpect: MARK\r\n\r\n',
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: MARK, chunked\r\n\r\n',
        'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: MARK\r\n\r\n',
      ]) {
        const wire = await world.connect();
        const answer = await wire.talk(request);
        expect(answer).toMatch(
          /^HTTP\/1\.1 (400 Bad Request|417 Expectation Failed|500 Internal Server Error|501 Not Implemented)\r\n/,
        );
        expect(answer).not.toMatch(/MARK|secret/);
      }
    }));
});

describe('the client', () => {
  // S12: the flags of the two connections live in the loop, so what is complete is read and printed again and again.
  test('gives each of two answers once, each in its own time', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await world.sleep(request.path === '/slow' ? 1_000 : 10);
        return HttpResponse.text(request.path);
      });
      const client = world.client();
      const log: string[] = [];
      await Promise.all(
        ['/slow', '/fast'].map(async (path) => {
          const response = await client.get(`http://server${path}`);
          log.push(`${await response.text()} at ${Math.floor(world.now / 100)}`);
          await expect(response.text()).rejects.toThrow('a body can be read once');
        }),
      );
      expect(log).toEqual(['/fast at 0', '/slow at 10']);
    }));

  // S13: would-block is answered by trying again at once.
  test('does nothing at all while it waits for an answer', () =>
    simulated(async (world) => {
      const server = await world.listen();
      const client = world.client();
      const answer = client.get('http://server/');
      const wire = await server.accept();
      await wire.head();
      await world.sleep(100);
      const before = world.sim.clock.fired;
      await world.sleep(50_000);
      // The timer of this sleep, and perhaps a turn of the wheel of deadlines.
      expect(world.sim.clock.fired - before).toBeLessThan(5);
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nlate');
      expect(await (await answer).text()).toBe('late');
    }));

  // S14: a head is taken for a message, so a body that comes later is empty.
  test.each([
    ['a length', 'Content-Length: 13', ['name=', 'WasmEdge'], false],
    [
      'chunks',
      'Transfer-Encoding: chunked',
      ['5\r\nname=\r\n8\r\nWas', 'mEdge\r\n0\r\n\r\n'],
      false,
    ],
    ['the end of the connection', 'X: y', ['name=', 'WasmEdge'], true],
  ])('reads a body that comes after its head and ends by %s', (_by, field, parts, ends) =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().get('http://server/');
      const wire = await server.accept();
      await wire.head();
      await wire.send(`HTTP/1.1 200 OK\r\n${field}\r\n\r\n`);
      const response = await answer;
      const body = response.text();
      for (const part of parts) {
        await world.sleep(500);
        await wire.send(part);
      }
      if (ends) await wire.close();
      expect(await body).toBe('name=WasmEdge');
    }),
  );

  // S15: what cannot be parsed is "not done yet", for ever; more than 64 fields are the same; text must be UTF-8.
  test.each([
    ['no HTTP', 'hello\r\n\r\n'],
    ['a field without a colon', 'HTTP/1.1 200 OK\r\nno colon\r\n\r\n'],
    ['more fields than the limit', `HTTP/1.1 200 OK\r\n${'X: y\r\n'.repeat(101)}\r\n`],
    ['two lengths', 'HTTP/1.1 200 OK\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nab'],
  ])('fails with a typed error when the answer is %s', (_what, bytes) =>
    simulated(async (world) => {
      const server = await world.listen();
      const answer = world.client().get('http://server/');
      const failure = answer.catch((error: unknown) => error);
      const wire = await server.accept();
      await wire.send(bytes);
      expect(await failure).toBeInstanceOf(RemoteProtocolError);
      expect(world.now).toBeLessThan(1_000);
    }),
  );

  test('gives the bytes of an answer that is no text', () =>
    simulated(async (world) => {
      const bytes = Uint8Array.from({ length: 256 }, (_, index) => 255 - index);
      await world.serve(() => HttpResponse.bytes(bytes.slice()));
      const response = await world.client().get('http://server/');
      expect([...(await response.bytes())]).toEqual([...bytes]);
    }));

  // S16: bare line feeds, and no Host.
  test('sends lines that end with CR LF, and Host', () =>
    simulated(async (world) => {
      const server = await world.listen(8080);
      const answer = world.client().get('http://server:8080/path?query');
      const wire: Wire = await server.accept();
      expect(await wire.head()).toBe('GET /path?query HTTP/1.1\r\nHost: server:8080\r\n\r\n');
      await wire.send('HTTP/1.1 204 No Content\r\n\r\n');
      expect((await answer).status).toBe(204);
    }));
});
