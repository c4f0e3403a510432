import { describe, expect, test } from '@jest/globals';
import {
  echo,
  HttpProblem,
  HttpResponse,
  LocalProtocolError,
  type Handler,
} from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';
import { GET, failing } from './requests.ts';

describe('a handler that fails', () => {
  test.each<[string, Handler]>([
    ['throws', failing(new RangeError('no'))],
    ['rejects', () => Promise.reject(new RangeError('no'))],
    [
      'rejects later',
      async () => Promise.resolve().then(() => Promise.reject(new RangeError('no'))),
    ],
  ])('because it %s is a 500, and the connection goes on', (_how, handler) =>
    simulated(async (world) => {
      let requests = 0;
      await world.serve((request, context) => {
        requests += 1;
        return requests === 1 ? handler(request, context) : HttpResponse.text('fine');
      });
      const wire = await world.connect();
      await wire.send(GET);
      const answer = await wire.response();
      expect([answer.status, answer.body, answer.get('connection')]).toEqual([
        500,
        'The server failed to answer.\n',
        undefined,
      ]);
      expect(world.errors).toEqual([new RangeError('no')]);
      await wire.send(GET);
      expect((await wire.response()).body).toBe('fine');
    }),
  );

  test('is a 500 also while the client still sends, and the connection stays in step', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        if (request.path === '/ok') return HttpResponse.text('ok');
        for await (const piece of request.body) throw new RangeError(`after ${piece.length > 0}`);
        return undefined;
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
      await wire.send('x'.repeat(50_000));
      expect((await wire.response()).status).toBe(500);
      await wire.send(`${'x'.repeat(50_000)}GET /ok HTTP/1.1\r\nHost: a\r\n\r\n`);
      expect((await wire.response()).body).toBe('ok');
    }));

  test.each([
    ['nothing', undefined],
    ['a text', 'text'],
    ['null', null],
    ['a promise of nothing', Promise.resolve()],
  ])('because it gives %s is a 500', (_what, result) =>
    simulated(async (world) => {
      await world.serve((() => result) as unknown as Handler);
      const wire = await world.connect();
      await wire.send(GET);
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([expect.any(TypeError)]);
    }),
  );

  test.each([
    [undefined, expect.objectContaining({ code: 'ERR_NO_REASON' })],
    [null, expect.objectContaining({ code: 'ERR_NO_REASON' })],
    ['a string', 'a string'],
    [42, 42],
  ])('by throwing %j is a 500', (thrown, reported) =>
    simulated(async (world) => {
      await world.serve(failing(thrown));
      const wire = await world.connect();
      await wire.send(GET);
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([reported]);
    }),
  );

  test('with a problem is answered with it, and is not reported', () =>
    simulated(async (world) => {
      await world.serve(failing(new HttpProblem(404, { detail: 'there is no such thing' })));
      const wire = await world.connect();
      await wire.send(GET);
      const answer = await wire.response();
      expect([answer.status, answer.get('content-type')]).toEqual([
        404,
        'application/problem+json',
      ]);
      expect(JSON.parse(answer.body)).toMatchObject({
        status: 404,
        detail: 'there is no such thing',
      });
      expect(world.errors).toEqual([]);
    }));

  test('stops no other request when the listener for errors fails, too', () =>
    simulated(async (world) => {
      await world.serve(failing(new RangeError('no')), {
        onError: () => {
          throw new RangeError('not me either');
        },
      });
      const wire = await world.connect();
      for (let n = 0; n < 3; n += 1) {
        await wire.send(GET);
        expect((await wire.response()).status).toBe(500);
      }
    }));

  test('in one connection does nothing to another', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await world.sleep(100);
        if (request.path === '/bad') throw new RangeError('no');
        return HttpResponse.stream(['fine']);
      });
      const bad = await world.connect();
      const good = await world.connect();
      await bad.send(GET.replace('/', '/bad'));
      await good.send(GET);
      expect((await bad.response()).status).toBe(500);
      expect((await good.response()).body).toBe('fine');
    }));
});

describe('a body that fails after the head is out', () => {
  const LARGE = 'x'.repeat(20_000);

  test.each<[string, () => AsyncIterable<string> | Iterable<string>]>([
    [
      'an async one',
      async function* () {
        yield LARGE;
        throw new RangeError('the disk is gone');
      },
    ],
    [
      'a sync one',
      function* () {
        yield LARGE;
        throw new RangeError('the disk is gone');
      },
    ],
  ])('cuts the connection and is reported to the program: %s', (_kind, body) =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.stream(body()));
      const wire = await world.connect();
      await wire.send(GET);
      await expect(wire.response()).rejects.toThrow('reset');
      expect(world.errors).toEqual([new RangeError('the disk is gone')]);
    }),
  );

  test('never passes for whole to a client of HTTP/1.0, whose body ends with the connection', () =>
    simulated(async (world) => {
      await world.serve(() =>
        HttpResponse.stream(
          (async function* () {
            yield 'one';
            await world.sleep(100);
            throw new RangeError('the disk is gone');
          })(),
        ),
      );
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.0\r\n\r\n');
      await expect(wire.rest()).rejects.toThrow('reset');
    }));
});

describe('whose fault a failure is', () => {
  const post = (length: number): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\nhalf`;

  test.each<[string, (wire: Wire) => Promise<void> | void]>([
    ['stops', () => {}],
    ['ends too early', (wire) => wire.finish()],
    ['breaks off', (wire) => wire.stream.reset()],
  ])('is the client’s when a body that is streamed back %s, and is not reported', (_how, act) =>
    simulated(async (world) => {
      await world.serve((request) => HttpResponse.stream(request.body));
      const wire = await world.connect();
      await wire.send(post(100));
      await wire.head();
      await act(wire);
      await wire.rest().catch(() => '');
      await world.sleep(10_000);
      expect(world.errors).toEqual([]);
    }),
  );

  test('is the program’s when what it asked of another server was malformed, or too long', () =>
    simulated(async (world) => {
      const upstream = await world.listen(8080);
      const client = world.client();
      await world.serve(async (request) => {
        const response = await client.get('http://server:8080/');
        return HttpResponse.bytes(await response.bytes({ limit: Number(request.path.slice(1)) }));
      });
      for (const [limit, answer] of [
        [100, 'nonsense\r\n\r\n'],
        [100, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n'],
        [2, 'HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\nmuch'],
        [2, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nmuch\r\n0\r\n\r\n'],
      ] as const) {
        const wire = await world.connect();
        await wire.send(GET.replace('/', `/${limit}`));
        const above = await upstream.accept();
        await above.head();
        await above.send(answer);
        expect((await wire.response()).status).toBe(500);
        above.stream.reset();
      }
      expect(world.errors).toHaveLength(4);
    }));
});

describe('what a program may not send', () => {
  const evil = 'a\r\nX-Evil: 1';

  test.each<[string, () => HttpResponse]>([
    ['a line end in a value', () => HttpResponse.text('', { headers: { 'X-A': evil } })],
    ['a bare CR in a value', () => HttpResponse.text('', { headers: { 'X-A': 'a\rb' } })],
    ['a bare LF in a value', () => HttpResponse.text('', { headers: { 'X-A': 'a\nb' } })],
    ['a NUL in a value', () => HttpResponse.text('', { headers: { 'X-A': 'a\0b' } })],
    ['a character above latin1', () => HttpResponse.text('', { headers: { 'X-A': '\u{10a}' } })],
    ['a line end in a name', () => HttpResponse.text('', { headers: { [evil]: 'a' } })],
    ['a space in a name', () => HttpResponse.text('', { headers: { 'X A': 'a' } })],
    ['an empty name', () => HttpResponse.text('', { headers: { '': 'a' } })],
    ['one of a list', () => HttpResponse.text('', { headers: { 'X-A': ['fine', evil] } })],
    ['a pair', () => HttpResponse.text('', { headers: [['X-A', evil]] })],
    ['a line end in the reason', () => HttpResponse.text('', { reason: evil })],
    [
      'its own Transfer-Encoding',
      () => HttpResponse.text('', { headers: { 'Transfer-Encoding': 'x' } }),
    ],
    [
      'a wrong Content-Length',
      () => HttpResponse.text('a', { headers: { 'Content-Length': '2' } }),
    ],
    ['a status that is none', () => HttpResponse.text('', { status: 99 })],
    ['an informational status', () => HttpResponse.text('', { status: 100 })],
    ['a switch no one asked for', () => HttpResponse.text('', { status: 101 })],
    ['no body at all that is known', () => new HttpResponse(42 as unknown as string)],
  ])('is refused before a byte of it is sent: %s', (_what, make) =>
    simulated(async (world) => {
      await world.serve(make);
      const wire = await world.connect();
      await wire.send(GET);
      const answer = await wire.response();
      expect([answer.status, answer.body]).toEqual([500, 'The server failed to answer.\n']);
      expect(answer.head).not.toMatch(/evil/i);
      expect(world.errors).toHaveLength(1);
      await wire.send(GET);
      expect((await wire.response()).status).toBe(500);
    }),
  );

  test.each([
    ['a line end', { 'X-A': evil }],
    ['a field that would change the framing', { 'Content-Length': '5' }],
    ['a field that would change the framing', { 'transfer-encoding': 'chunked' }],
    ['a field that would change where the message goes', { Host: 'a' }],
  ])('in trailers cuts the connection: %s', (_what, trailers) =>
    simulated(async (world) => {
      const body = ['x'.repeat(20_000)];
      await world.serve(() => HttpResponse.stream(body, { trailers: () => trailers }));
      const wire = await world.connect();
      await wire.send(GET);
      await expect(wire.response()).rejects.toThrow('reset');
      expect(world.errors).toEqual([expect.any(LocalProtocolError)]);
    }),
  );
});

describe('an error answer', () => {
  test.each<[string, string]>([
    ['a bad request line', `GARBAGE\r\n\r\n`],
    ['a head that is too large', `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}`],
    ['a body that is too large', 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\n\r\n'],
    [
      'an expectation that is not met',
      'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9000000\r\nExpect: miracles\r\n\r\n',
    ],
  ])('reaches a client that is still sending: %s', (_what, head) =>
    simulated(
      async (world) => {
        await world.serve(echo(), { limits: { bodyBytes: 1_000 } });
        for (let n = 0; n < 8; n += 1) {
          const wire = await world.connect();
          const over = new AbortController();
          const sending = (async () => {
            await wire.send(head);
            for (let sent = 0; sent < 300_000 && !over.signal.aborted; sent += 2_000) {
              await wire.send('x'.repeat(2_000));
            }
          })().catch(() => {});
          const answer = await wire.rest();
          over.abort();
          expect(answer).toMatch(/^HTTP\/1\.1 4\d\d [^]*Connection: close\r\n\r\n[^]+$/);
          await wire.close();
          await sending;
        }
      },
      { latency: [1, 30], faults: { split: 0.2, slowReader: 0.5 } },
    ),
  );

  test('ends with FIN, and the connection with the client, or after the linger', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const quick = await world.connect();
      await quick.send('GARBAGE\r\n\r\n');
      expect(await quick.rest()).toMatch(/^HTTP\/1\.1 400 /);
      await quick.close();
      expect((await quick.closed).how).toBe('eof');
      const slow = await world.connect();
      await slow.send('GARBAGE\r\n\r\n');
      await slow.rest();
      const since = world.now;
      // It goes on sending and does not close: its connection is taken away.
      while (!slow.stream.isClosed && world.now - since < 10_000) {
        await slow.send('x').catch(() => {});
        await world.sleep(50);
      }
      expect(world.now - since).toBeGreaterThanOrEqual(1_900);
      expect(world.now - since).toBeLessThan(2_300);
    }));
});
