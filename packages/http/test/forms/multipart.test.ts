import { describe, expect, test } from '@jest/globals';
import { BusyError, IoError, MemoryListener } from '@awaitio/core';
import { ManualClock } from '@awaitio/core/testing';
import {
  multipart,
  MultipartError,
  type MultipartOptions,
  type MultipartPart,
} from '../../src/batteries/index.ts';
import { serve, type HttpRequest } from '../../src/index.ts';
import { ask, failureOf, handling, part, stalling, THREE, TYPE, valueOf } from './ask-form.ts';

describe('the parts of a form', () => {
  test('come one after another, with what was sent', async () => {
    const seen = await valueOf(async (request) => {
      const parts: unknown[] = [];
      for await (const each of multipart(request)) {
        parts.push([each.name, each.headers.get('content-disposition'), await each.text()]);
      }
      return parts;
    });
    expect(seen).toEqual([
      ['a', 'form-data; name="a"', 'one'],
      ['b', 'form-data; name="b"', 'two'],
      ['c', 'form-data; name="c"', 'three'],
    ]);
  });

  test('are skipped when they are not read, or not to their end', async () => {
    const seen = await valueOf(async (request) => {
      const parts: string[] = [];
      for await (const each of multipart(request)) {
        parts.push(each.name);
        if (each.name !== 'b') continue;
        for await (const piece of each) {
          parts.push(Buffer.from(piece).toString());
          break;
        }
      }
      return parts;
    });
    expect(seen).toEqual(['a', 'b', 'two', 'c']);
  });

  test('are given up with the loop: the connection answers, and is used again', async () => {
    const server = await serve(
      handling(async (request) => {
        for await (const each of multipart(request)) return each.name;
        return undefined;
      }),
      { listener: new MemoryListener() },
    );
    for (let n = 0; n < 6; n += 1) {
      const init = { method: 'POST', headers: { 'Content-Type': TYPE }, body: THREE };
      expect(await (await server.fetch('http://test/', init)).json()).toBe('a');
    }
    // At first requests that must not be repeated go on new ones: those at rest show how long they are kept.
    expect(server.statistics().connections.total).toBeLessThanOrEqual(3);
    await server.shutdown();
  });

  test('end after the last one, and stay at their end', async () => {
    const seen = await valueOf(async (request) => {
      const parts = multipart(request);
      for await (const each of parts) void each;
      return [await parts.next(), await parts.return?.(), await parts.next()];
    });
    expect(seen).toEqual([{ done: true }, { done: true }, { done: true }]);
  });

  test('can be read once each, and before the next one is asked for', async () => {
    const seen = await valueOf(async (request) => {
      const parts = multipart(request);
      const first = (await parts.next()).value as MultipartPart;
      await first.text();
      const again = await failureOf(first.text());
      const second = (await parts.next()).value as MultipartPart;
      await parts.next();
      const passed = await failureOf(second.bytes());
      return [again, passed].map((error) => [error instanceof IoError, (error as IoError).code]);
    });
    expect(seen).toEqual([
      [true, 'ERR_BODY_USED'],
      [true, 'ERR_PART_GONE'],
    ]);
  });

  test('have one reader at a time', async () => {
    const seen = await valueOf(async (request) => {
      const parts = multipart(request);
      const [first, second] = await Promise.all([parts.next(), failureOf(parts.next())]);
      return [(first.value as MultipartPart).name, second instanceof BusyError];
    });
    expect(seen).toEqual(['a', true]);
  });

  test('are collected up to a limit of the call', async () => {
    const { status, body, errors } = await ask(
      handling(async (request) => {
        for await (const each of multipart(request)) await each.text({ limit: 3 });
        return 'all';
      }),
    );
    expect([status, errors]).toEqual([413, []]);
    expect(JSON.parse(body)).toMatchObject({ detail: 'a part has more bytes than 3 (`limit`)' });
  });

  test('keep a mark at the beginning of a text, as fetch does', async () => {
    const seen = await valueOf(
      async (request) => {
        for await (const each of multipart(request)) return await each.text();
        return undefined;
      },
      `${part('a', '\ufeffx')}--b--`,
    );
    expect(seen).toBe('\ufeffx');
  });
});

const all =
  (options?: MultipartOptions): ((request: HttpRequest) => Promise<unknown>) =>
  async (request) => {
    for await (const each of multipart(request, options)) await each.bytes();
    return 'all';
  };

describe('a form that is refused', () => {
  test.each<[string, MultipartOptions | undefined, string, string, number]>([
    ['415 when it is none', undefined, 'text', 'text/plain', 415],
    ['415 when it is urlencoded', undefined, 'a=1', 'application/x-www-form-urlencoded', 415],
    ['400 without a boundary', undefined, THREE, 'multipart/form-data', 400],
    ['400 when it ends too early', undefined, THREE.slice(0, -9), TYPE, 400],
    ['400 when it is malformed', undefined, THREE.replace('--b\r\n', '--bx\r\n'), TYPE, 400],
    ['413 above a limit of its parts', { limits: { parts: 2 } }, THREE, TYPE, 413],
    ['413 when it announces too much', { limits: { bodyBytes: 10 } }, THREE, TYPE, 413],
  ])(
    'is answered with %s, and is no error of the server',
    async (_name, options, body, type, status) => {
      const answer = await ask(handling(all(options)), body, type);
      expect([answer.status, answer.errors]).toEqual([status, []]);
    },
  );

  test('fails again and again, with the same error', async () => {
    const seen = await valueOf(async (request) => {
      const parts = multipart(request);
      const first = await failureOf(parts.next());
      return [first instanceof MultipartError, first === (await failureOf(parts.next()))];
    }, '--bx\r\n');
    expect(seen).toEqual([true, true]);
  });

  test('fails as its body does, which can be read once', async () => {
    const seen = await valueOf(async (request) => {
      await request.text();
      return (await failureOf(multipart(request).next())) instanceof IoError;
    });
    expect(seen).toBe(true);
  });
});

describe('the time of a form', () => {
  test('ends a read that waits: 408', async () => {
    const clock = new ManualClock();
    const { status, errors } = await ask(
      handling(async (request) => {
        const parts = multipart(request, { timeout: 1_000, clock });
        await parts.next();
        // The read of the second part waits when the time is over.
        const [result] = await Promise.all([parts.next(), clock.advance(1_000)]);
        return result;
      }),
      stalling(part('a', 'one').slice(0, -3)),
    );
    expect([status, errors]).toEqual([408, []]);
  });

  test('counts between reads too', async () => {
    const clock = new ManualClock();
    const { status } = await ask(
      handling(async (request) => {
        const parts = multipart(request, { timeout: 1_000, clock });
        await parts.next();
        await clock.advance(1_000);
        return parts.next();
      }),
      stalling(part('a', 'one').slice(0, -3)),
    );
    expect(status).toBe(408);
  });

  test('leaves no timer behind', async () => {
    const clock = new ManualClock();
    await ask(handling(all({ timeout: 1_000, clock })));
    await ask(handling(all({ timeout: 1_000, clock })), '--bx\r\n');
    await ask(
      handling(async (request) => {
        for await (const each of multipart(request, { timeout: 1_000, clock })) return each.name;
        return undefined;
      }),
    );
    expect(clock.pending).toBe(0);
  });
});
