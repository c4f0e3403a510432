/**
 * Every deadline of a server, in virtual time: exact to a tenth of a second, and never early.
 */

import { describe, expect, test } from '@jest/globals';
import { ClientGoneError, echo, HttpResponse } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const GET = 'GET / HTTP/1.1\r\nHost: a\r\n\r\n';
const post = (length: number): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;

/** What a deadline may be late by, and what the network adds on the way there and back. */
const LATE = 100 + 5;

/** Waits for the end of the connection; how long that took, and what came until then. */
async function untilEnd(world: World, wire: Wire): Promise<{ after: number; answer: string }> {
  const since = world.now;
  let answer = '';
  try {
    for await (const chunk of wire.stream) answer += Buffer.from(chunk).toString('latin1');
  } catch {
    answer += '(reset)';
  }
  return { after: world.now - since, answer };
}

function expectTook(after: number, milliseconds: number): void {
  expect(after).toBeGreaterThanOrEqual(milliseconds - 5);
  expect(after).toBeLessThanOrEqual(milliseconds + LATE);
}

/** Sends a text byte by byte until the connection is closed. */
async function drip(world: World, wire: Wire, text: string, every: number): Promise<void> {
  for (const byte of text) {
    await world.sleep(every);
    if (wire.stream.isClosed) return;
    try {
      await wire.send(byte);
    } catch {
      return;
    }
  }
}

describe('the first byte', () => {
  test.each([undefined, 1_000, 20_000])('has %s ms, then the connection is let go', (firstByte) =>
    simulated(async (world) => {
      await world.serve(echo(), firstByte === undefined ? {} : { deadlines: { firstByte } });
      const wire = await world.connect();
      const { after, answer } = await untilEnd(world, wire);
      expectTook(after, firstByte ?? 15_000);
      expect(answer).toBe('');
    }),
  );
});

describe('a head', () => {
  test.each([
    ['that stops', 60_000],
    ['that drips', 1_000],
    ['that drips quickly', 100],
  ])('%s is answered with 408 after 15 seconds', (_how, every) =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send('G');
      const dripping = drip(world, wire, `ET / HTTP/1.1\r\nX: ${'x'.repeat(1_000)}`, every);
      const { after, answer } = await untilEnd(world, wire);
      expectTook(after, 15_000);
      expect(answer).toMatch(/^HTTP\/1\.1 408 [^]*Connection: close\r\n/);
      await wire.close();
      await dripping;
    }),
  );

  test('that drips empty lines before it is given up as well', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      const dripping = drip(world, wire, '\r\n'.repeat(100), 2_000);
      const { after } = await untilEnd(world, wire);
      expect(after).toBeLessThan(20_000);
      await wire.close();
      await dripping;
    }));

  test('has its whole time on every request of a connection, also when its beginning came early', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send(`${GET}GET / HT`);
      await wire.response();
      // Longer than a connection may idle: it does not idle.
      await world.sleep(10_000);
      await wire.send('TP/1.1\r\nHost: a\r\n\r\nGET');
      expect((await wire.response()).status).toBe(200);
      const { after, answer } = await untilEnd(world, wire);
      expectTook(after, 15_000);
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    }));

  test('may take as long as it is allowed', () =>
    simulated(async (world) => {
      await world.serve(echo(), { deadlines: { headers: Infinity } });
      const wire = await world.connect();
      await wire.send('G');
      const dripping = drip(world, wire, GET.slice(1), 20_000);
      expect((await wire.response()).status).toBe(200);
      await dripping;
    }));
});

describe('a body', () => {
  test('that stops is answered with 408 after the grace', () =>
    simulated(async (world) => {
      await world.serve(async (request) => HttpResponse.text(await request.text()));
      const wire = await world.connect();
      await wire.send(post(10_000));
      const { after, answer } = await untilEnd(world, wire);
      expectTook(after, 5_000);
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
      expect(world.errors).toEqual([]);
    }));

  test.each([
    [100, false],
    [200, false],
    [280, true],
    [1_000, true],
  ])('of %i bytes a second is accepted: %j', (rate, isAccepted) =>
    simulated(async (world) => {
      await world.serve(async (request) =>
        HttpResponse.text(String((await request.bytes()).length)),
      );
      const wire = await world.connect();
      const seconds = 60;
      await wire.send(post(rate * seconds));
      const sending = (async () => {
        for (let n = 0; n < seconds * 10 && !wire.stream.isReadable; n += 1) {
          await wire.send('x'.repeat(rate / 10));
          await world.sleep(100);
        }
      })();
      const { status } = await wire.response();
      expect(status).toBe(isAccepted ? 200 : 408);
      await wire.close();
      await sending;
    }),
  );

  test.each([
    [50, 200],
    [0, 200],
    [1_000, 408],
  ])('of 100 bytes a second, at a `limits.bodyMinRate` of %i, gets %i', (bodyMinRate, expected) =>
    simulated(async (world) => {
      await world.serve(
        async (request) => HttpResponse.text(String((await request.bytes()).length)),
        { limits: { bodyMinRate } },
      );
      const wire = await world.connect();
      await wire.send(post(3_000));
      const sending = (async () => {
        for (let n = 0; n < 300 && !wire.stream.isReadable; n += 1) {
          await wire.send('x'.repeat(10));
          await world.sleep(100);
        }
      })();
      expect((await wire.response()).status).toBe(expected);
      await wire.close();
      await sending;
    }),
  );

  test('is not charged for the time that the handler takes', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        let size = 0;
        for await (const piece of request.body) {
          size += piece.length;
          await world.sleep(10_000);
        }
        return HttpResponse.text(String(size));
      });
      const wire = await world.connect();
      await wire.send(post(300));
      for (let n = 0; n < 3; n += 1) {
        await wire.send('x'.repeat(100));
        await world.sleep(10_000);
      }
      expect((await wire.response()).body).toBe('300');
    }));

  test('is not charged for the bodies before it on the connection', () =>
    simulated(async (world) => {
      await world.serve(async (request) => HttpResponse.text(await request.text()));
      const wire = await world.connect();
      // Each waits less than its own grace, and all of them together much longer.
      for (let n = 0; n < 20; n += 1) {
        await wire.send(post(1));
        await world.sleep(1_000);
        await wire.send('x');
        expect((await wire.response()).status).toBe(200);
      }
    }));

  test('has nothing left over from a large body before it', () =>
    simulated(async (world) => {
      await world.serve(async (request) =>
        HttpResponse.text(String((await request.bytes()).length)),
      );
      const wire = await world.connect();
      await wire.send(post(200_000));
      await wire.send('x'.repeat(200_000));
      await wire.response();
      await wire.send(post(10));
      const { after, answer } = await untilEnd(world, wire);
      expectTook(after, 5_000);
      expect(answer).toMatch(/^HTTP\/1\.1 408 /);
    }));

  test('that no one reads is waited for as long as any other', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('unread'));
      const wire = await world.connect();
      await wire.send(post(1_000));
      await wire.response();
      const { after } = await untilEnd(world, wire);
      expectTook(after, 5_000);
      expect(world.errors).toEqual([]);
    }));
});

describe('a handler', () => {
  test('that takes too long is answered for with 503, its signal aborts, and the connection goes on', () =>
    simulated(async (world) => {
      const log: string[] = [];
      await world.serve(
        async (request) => {
          if (request.path !== '/slow') return HttpResponse.text('quick');
          request.signal.addEventListener('abort', () => {
            log.push((request.signal.reason as Error).name);
          });
          await world.sleep(5_000);
          return HttpResponse.text('too late');
        },
        { deadlines: { handler: 1_000 } },
      );
      const wire = await world.connect();
      await wire.send(GET.replace('/', '/slow'));
      const since = world.now;
      expect((await wire.response()).status).toBe(503);
      expectTook(world.now - since, 1_000);
      expect(log).toEqual(['TimeoutError']);
      await wire.send(GET);
      expect((await wire.response()).body).toBe('quick');
      expect(world.errors).toHaveLength(1);
    }));

  test('is not charged for the time that the client takes with the body', () =>
    simulated(async (world) => {
      await world.serve(
        async (request) => {
          await world.sleep(600);
          const text = await request.text();
          await world.sleep(300);
          return HttpResponse.text(text);
        },
        { deadlines: { handler: 1_000 } },
      );
      const wire = await world.connect();
      await wire.send(post(4));
      await world.sleep(3_000);
      await wire.send('body');
      expect((await wire.response()).body).toBe('body');
    }));

  test('has one time for all its own thinking, however often it reads', () =>
    simulated(async (world) => {
      await world.serve(
        async (request) => {
          for await (const piece of request.body) await world.sleep(400 * piece.length);
          return HttpResponse.text('done');
        },
        { deadlines: { handler: 1_000 } },
      );
      const wire = await world.connect();
      await wire.send(post(4));
      const dripping = drip(world, wire, 'body', 1_000);
      expect((await wire.response()).status).toBe(503);
      // Three thoughts of 400 ms; the waits between them are the client's.
      expect(world.now).toBeLessThan(4_000);
      await wire.close();
      await dripping;
    }));

  test('may take as long as it says itself', () =>
    simulated(async (world) => {
      await world.serve(
        async (request, context) => {
          context.setDeadline(request.path === '/more' ? 3_000 : 500);
          await world.sleep(2_000);
          return HttpResponse.text('done');
        },
        { deadlines: { handler: 1_000 } },
      );
      const wire = await world.connect();
      await wire.send(GET.replace('/', '/more'));
      expect((await wire.response()).body).toBe('done');
      await wire.send(GET);
      const since = world.now;
      expect((await wire.response()).status).toBe(503);
      expectTook(world.now - since, 500);
    }));

  test('may take for ever by default, and so may the program with a body', () =>
    simulated(async (world) => {
      await world.serve(async (request) => {
        await world.sleep(100_000);
        if (request.signal.aborted) throw new ClientGoneError('gone');
        return HttpResponse.stream(
          (async function* () {
            yield 'one ';
            await world.sleep(100_000);
            yield 'two';
          })(),
        );
      });
      const wire = await world.connect();
      await wire.send(GET);
      expect((await wire.response()).body).toBe('one two');
      expect(world.now).toBeGreaterThan(200_000);
    }));
});

describe('an answer', () => {
  test('that the client does not take is cut after 15 seconds, when its system takes nothing', () =>
    simulated(async (world) => {
      const limits = { writeMinRate: Infinity };
      const server = await world.serve(() => HttpResponse.text('x'.repeat(1_000_000)), { limits });
      const wire = await world.connect();
      await wire.send(GET);
      const since = world.now;
      await wire.closed;
      expectTook(world.now - since, 15_000);
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([]);
    }));

  test('that the client takes slowly may take as long as it takes', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('x'.repeat(600_000)));
      const wire = await world.connect();
      await wire.send(GET);
      let size = 0;
      while (size < 600_000) {
        await world.sleep(10_000);
        size += (await wire.stream.readChunk())?.length ?? 600_000;
      }
      expect(world.now).toBeGreaterThan(60_000);
      expect(wire.stream.isClosed).toBe(false);
    }));

  test('is whole at a client that takes the last of it slowly, and is not idle until it has', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('x'.repeat(150_000)));
      for (const fields of ['', 'Connection: close\r\n']) {
        const wire = await world.connect();
        await wire.send(GET.replace('\r\n\r\n', `\r\n${fields}\r\n`));
        let size = 0;
        const buffer = new Uint8Array(10_000);
        while (size < 150_000) {
          await world.sleep(3_000);
          const count = await wire.stream.read(buffer);
          if (count === null) break;
          size += count;
        }
        expect(size).toBeGreaterThanOrEqual(150_000);
        await wire.close();
      }
    }));

  test('that waits for room is not charged to a pipelined request behind it', () =>
    simulated(async (world) => {
      await world.serve(() => HttpResponse.text('x'.repeat(20_000)));
      const wire = await world.connect();
      await wire.send(GET.repeat(30));
      // The stream is full by now, with no request unread; longer than a connection may idle.
      await world.sleep(10_000);
      for (let n = 0; n < 30; n += 1) expect((await wire.response()).body.length).toBe(20_000);
    }));
});

describe('an idle connection', () => {
  test.each([undefined, 1_000, 60_000])('is kept for %s ms', (idle) =>
    simulated(async (world) => {
      await world.serve(echo(), idle === undefined ? {} : { deadlines: { idle } });
      const wire = await world.connect();
      await wire.send(GET);
      await wire.response();
      const { after, answer } = await untilEnd(world, wire);
      expectTook(after, idle ?? 5_000);
      expect(answer).toBe('');
    }),
  );

  test('has its whole time after each answer', () =>
    simulated(async (world) => {
      await world.serve(async () => {
        await world.sleep(4_000);
        return HttpResponse.empty();
      });
      const wire = await world.connect();
      for (let n = 0; n < 5; n += 1) {
        await world.sleep(4_500);
        await wire.send(GET);
        expect((await wire.response()).status).toBe(204);
      }
    }));
});

test('a thousand silent connections, and a thousand that drip, are gone within their time', () =>
  simulated(async (world) => {
    const server = await world.serve(echo());
    const wires = await Promise.all(Array.from({ length: 2_000 }, () => world.connect()));
    await Promise.all(wires.filter((_, n) => n % 2 === 0).map((wire) => wire.send('G')));
    await world.sleep(10);
    expect(server.statistics().connections.open).toBe(2_000);
    await world.sleep(15_200);
    await Promise.all(wires.map((wire) => wire.stream.readClosed({ timeout: 10 })));
    await Promise.all(wires.map((wire) => wire.close()));
    await world.sleep(10);
    expect(server.statistics().connections.open).toBe(0);
  }));
