/** Bodies of requests: read, left unread, and asked for by `Expect: 100-continue`. */
import { describe, expect, test } from '@jest/globals';
import type { SimFaults } from '@awaitio/core/testing';
import { fetchHandler } from '../../src/adapters/fetch-handler.ts';
import { echo } from '../../src/handlers/echo.ts';
import { LocalProtocolError, RemoteProtocolError } from '../../src/protocol/vocabulary/errors.ts';

import { HttpResponse } from '../../src/message/response.ts';
import { simulated } from '../support/simulated.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';

/** A request whose body comes in chunks. */
const chunked = (pieces: readonly string[], trailers = ''): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n${pieces
    .map((piece) => `${piece.length.toString(16)}\r\n${piece}\r\n`)
    .join('')}0\r\n${trailers}\r\n`;

const post = (body: string, fields = ''): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n${fields}\r\n${body}`;

/** Bytes in which each differs from its neighbours. */
const pattern = (length: number, start = 0): Uint8Array =>
  Uint8Array.from({ length }, (_, index) => (start + index * 7) % 251);

const latin1 = (bytes: Uint8Array): string => Buffer.from(bytes).toString('latin1');

const TROUBLE: SimFaults = { partialWrite: 1, window: 1, split: 0.3 };

describe('a request body', () => {
  test.each<[string, SimFaults]>([
    ['whole', {}],
    ['in trouble', TROUBLE],
  ])('comes out of chunks byte for byte, %s', (_how, faults) =>
    simulated(
      async (world) => {
        await world.serve(echo({ prefix: '' }));
        const pieces = [1, 5_000, 16, 1, 70_000].map((size, index) => latin1(pattern(size, index)));
        const wire = await world.connect();
        const sent = wire.send(chunked(pieces));
        const answer = await wire.response();
        await sent;
        expect(answer.get('transfer-encoding')).toBe('chunked');
        expect(answer.body === pieces.join('')).toBe(true);
      },
      { faults },
    ),
  );

  test('in chunks of one byte is collected whole, and comes to a fetch application in few pieces', async () => {
    const size = 400_000;
    const chunks = Buffer.from('1\r\nx\r\n'.repeat(size) + '0\r\n\r\n');
    let pieces = 0;
    await simulated(async (world) => {
      const counting = fetchHandler({
        fetch: async ({ body }) => {
          let length = 0;
          for await (const piece of body as ReadableStream<Uint8Array>) {
            length += piece.length;
            pieces += 1;
          }
          return new Response(String(length), { headers: { 'Content-Length': '6' } });
        },
      });
      await world.serve(async (request, context) =>
        request.path === '/text'
          ? HttpResponse.text(String((await request.text()).length))
          : counting(request, context),
      );
      const wire = await world.connect();
      for (const path of ['/text', '/pieces']) {
        const head = `POST ${path} HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n`;
        void wire.send(Buffer.concat([Buffer.from(head), chunks]));
        expect((await wire.response()).body).toBe(String(size));
      }
    });
    expect(pieces).toBeLessThan(size / 100);
  });

  test('is taken from the client only as fast as the handler reads it', () =>
    simulated(async (world) => {
      let read = 0;
      await world.serve(async (request) => {
        for await (const piece of request.body) {
          read += piece.length;
          await world.sleep(100);
        }
        return HttpResponse.text(String(read));
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n');
      let sent = 0;
      const sending = (async () => {
        for (; sent < 2_000_000; sent += 20_000) await wire.send(pattern(20_000));
      })();
      await world.sleep(500);
      expect(sent - read).toBeLessThan(400_000);
      await sending;
      expect((await wire.response()).body).toBe('2000000');
    }));

  test('gives its trailers once it was read to the end', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        const before = request.trailers?.size;
        const text = await request.text();
        return HttpResponse.text(`${text} ${String(before)} ${request.trailers?.get('X-Sum')}`);
      });
      const wire = await world.connect();
      await wire.send(chunked(['a', 'b'], 'x-sum: 195\r\n'));
      expect((await wire.response()).body).toBe('ab undefined 195');
    }));

  test('can be read once', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await request.text();
        return HttpResponse.text(await request.text().catch((error: Error) => error.message));
      });
      const wire = await world.connect();
      await wire.send(post('body'));
      expect((await wire.response()).body).toBe(
        'bytes: this body was read before; a body can be read once',
      );
    }));

  test('cannot be read after the answer is complete', () =>
    simulated(async (world) => {
      let late: unknown;
      await world.serve((request) => {
        void world.sleep(100).then(async () => {
          late = await request.text().catch((error: unknown) => error);
        });
        return HttpResponse.text('at once');
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 100000\r\n\r\n');
      expect((await wire.response()).body).toBe('at once');
      await world.sleep(200);
      expect(late).toBeInstanceOf(LocalProtocolError);
    }));

  test('above what the handler collects is answered with 413, and the connection ends', () =>
    simulated(async (world) => {
      await world.serve(async (request) =>
        HttpResponse.text(String((await request.bytes({ limit: 10 })).length)),
      );
      for (const request of [post('12345678901'), chunked(['123456', '78901'])]) {
        const wire = await world.connect();
        const answer = await wire.talk(request);
        expect(answer).toMatch(/^HTTP\/1\.1 413 /);
        expect(answer).toMatch(/\r\nConnection: close\r\n/);
      }
      expect(world.errors).toEqual([]);
    }));

  test('that is malformed fails the read, and the answer is 400', () =>
    simulated(async (world) => {
      let failure: unknown;
      await world.serve(async (request) => {
        try {
          return HttpResponse.text(await request.text());
        } catch (error) {
          failure = error;
          throw error;
        }
      });
      const wire = await world.connect();
      const answer = await wire.talk(
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n',
      );
      expect(answer).toMatch(/^HTTP\/1\.1 400 /);
      expect(failure).toBeInstanceOf(RemoteProtocolError);
      expect(world.errors).toEqual([]);
    }));

  test('that ends before its length fails the read, and a half-closed client gets 400', () =>
    simulated(async (world) => {
      await world.serve(async (request) => HttpResponse.text(await request.text()));
      const wire = await world.connect();
      expect(
        await wire.talk('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf'),
      ).toMatch(/^HTTP\/1\.1 400 /);
      expect(world.errors).toEqual([]);
    }));
});

describe('a request body that the handler leaves unread', () => {
  const ignoring = () => HttpResponse.text('ignored');

  test('is taken to its end when it is short, and the connection goes on', () =>
    simulated(async (world) => {
      await world.serve(ignoring);
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 200000\r\n\r\n');
      const first = await wire.response();
      expect([first.body, first.get('connection')]).toEqual(['ignored', undefined]);
      await wire.send('x'.repeat(200_000) + GET);
      expect((await wire.response()).body).toBe('ignored');
    }));

  test('is taken to its end when it comes in chunks and is short', () =>
    simulated(async (world) => {
      await world.serve(ignoring);
      const wire = await world.connect();
      await wire.send(chunked(['x'.repeat(100_000)]) + GET);
      expect((await wire.response()).body).toBe('ignored');
      expect((await wire.response()).body).toBe('ignored');
    }));

  test('ends the connection when it is long', () =>
    simulated(async (world) => {
      await world.serve(ignoring);
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 2000000\r\n\r\n');
      const { body, get } = await wire.response();
      expect([body, get('connection')]).toEqual(['ignored', 'close']);
      // At once: the client does not have to send a body that is not read.
      expect(await wire.rest()).toBe('');
      expect(world.now).toBeLessThan(100);
    }));

  test('ends the connection when its chunks go on and on', () =>
    simulated(async (world) => {
      await world.serve(ignoring);
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
      let sent = 0;
      const sending = (async () => {
        for (; sent < 10_000_000; sent += 10_000) {
          await wire.send(`2710\r\n${'x'.repeat(10_000)}\r\n`);
        }
      })().catch(() => {});
      expect(await wire.rest()).toMatch(/\r\n\r\nignored$/);
      await wire.close();
      await sending;
      expect(sent).toBeLessThan(3_000_000);
    }));

  test('ends the connection, and is no error of the program, when it is malformed', () =>
    simulated(async (world) => {
      await world.serve(ignoring);
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nzz\r\n');
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 200 [^]*\r\n\r\nignored$/);
      expect(world.errors).toEqual([]);
    }));

  test('is given up when the handler left it half-way, within the same bounds', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        for await (const piece of request.body) return HttpResponse.text(String(piece.length > 0));
        return HttpResponse.text('empty');
      });
      const wire = await world.connect();
      await wire.send(post('x'.repeat(50_000)) + GET);
      expect((await wire.response()).body).toBe('true');
      expect((await wire.response()).body).toBe('empty');
    }));
});

describe('Expect: 100-continue', () => {
  const expecting = (length: number): string =>
    `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\nExpect: 100-continue\r\n\r\n`;

  test('is met when the handler first reads the body, not before', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await world.sleep(1_000);
        return HttpResponse.text(await request.text());
      });
      const wire = await world.connect();
      await wire.send(expecting(4));
      expect(await wire.head()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      expect(world.now).toBeGreaterThan(1_000);
      await wire.send(`body${GET}`);
      expect((await wire.response()).body).toBe('body');
      expect((await wire.response()).body).toBe('');
    }));

  test('is not met when the handler answers without reading, and the connection ends', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.empty({ status: 403 }));
      const wire = await world.connect();
      await wire.send(expecting(4));
      const answer = await wire.response();
      expect([answer.status, answer.get('connection')]).toEqual([403, 'close']);
      expect(await wire.rest()).toBe('');
    }));

  test('is not met when the body came without waiting', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send(`${expecting(4)}body`);
      expect((await wire.response()).body).toBe('echo: body');
    }));

  test('is met once, by the handler itself if it wants', () =>
    simulated(async (world) => {
      await world.serve(async (request, context) => {
        context.informational(100);
        await world.sleep(10);
        return HttpResponse.text(await request.text());
      });
      const wire = await world.connect();
      await wire.send(expecting(4));
      expect(await wire.head()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      await world.sleep(100);
      await wire.send('body');
      expect((await wire.response()).body).toBe('body');
    }));

  test('is met for a handler that streams the body back', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send(expecting(100_000));
      expect(await wire.head()).toBe('HTTP/1.1 100 Continue\r\n\r\n');
      await wire.send('x'.repeat(100_000));
      expect((await wire.response()).body.length).toBe(100_006);
    }));

  test('is ignored from a client of HTTP/1.0', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send(expecting(4).replace('1.1', '1.0'));
      await world.sleep(10);
      await wire.send('body');
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 200 OK\r\n[^]*\r\n\r\necho: body$/);
    }));
});
