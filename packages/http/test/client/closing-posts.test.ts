/** POSTs to a server that closes its connections exactly when they are used again: none is lost where a client can know. */
import { describe, expect, test } from '@jest/globals';
import { BrokenError } from '@awaitio/core';
import { failedRequestOf, type HttpClientOptions } from '../../src/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const URL_ = 'http://server/';
const POSTS = 400;

interface Closing {
  /** Between two hosts, one way, in milliseconds. */
  readonly latency: number;
  /** From a response to the end of its connection, in milliseconds. */
  readonly after: number;
  /** From a response to the next request, in milliseconds: the n-th. */
  readonly pause: (n: number) => number;
  readonly fields?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly client?: HttpClientOptions;
}

/** Serves one connection until it was idle for too long. */
async function serveOne(wire: Wire, received: string[], { after, fields = '' }: Closing) {
  for (let isFirst = true; ; isFirst = false) {
    const options = isFirst ? {} : { timeout: after };
    const bytes = await wire.stream.readUntil('\r\n\r\n', options).catch(() => null);
    if (bytes === null) break;
    const head = Buffer.from(bytes).toString('latin1');
    const length = Number(/^content-length: (\d+)\r$/im.exec(head)?.[1]);
    received.push(Buffer.from(await wire.stream.readExactly(length)).toString('latin1'));
    await wire.send(`HTTP/1.1 200 OK\r\n${fields}Content-Length: 2\r\n\r\nok`);
  }
  await wire.close();
}

/** Sends POSTs one after another. @returns the errors of those that failed, and which bodies arrived */
async function post(world: World, closing: Closing, posts: number) {
  const server = await world.listen();
  const received: string[] = [];
  const accepting = (async () => {
    for (;;) serveOne(await server.accept(), received, closing).catch(() => {});
  })();
  accepting.catch(() => {});
  const client = world.client(closing.client);
  const failures: unknown[] = [];
  const { headers } = closing;
  for (let n = 0; n < posts; n += 1) {
    try {
      const response = await client.post(URL_, String(n), { headers });
      expect(await response.text()).toBe('ok');
    } catch (error) {
      failures.push(error);
    }
    await world.sleep(closing.pause(n));
  }
  return { failures, received };
}

const run = async (closing: Closing, posts = POSTS): Promise<Awaited<ReturnType<typeof post>>> => {
  const { latency } = closing;
  let result: Awaited<ReturnType<typeof post>> | undefined;
  await simulated(
    async (world) => {
      result = await post(world, closing, posts);
    },
    { latency: [latency, latency], deadline: 1e9 },
  );
  return result as Awaited<ReturnType<typeof post>>;
};

const ALL = Array.from({ length: POSTS }, (_, n) => String(n));

describe('a server that closes when its connection is used again', () => {
  test.each([3, 1])('fails no POST where its end takes no time, after %i ms', async (after) => {
    const { failures, received } = await run({ latency: 0, after, pause: () => after });
    expect(failures).toEqual([]);
    expect(received).toEqual(ALL);
  });

  test.each([
    [1, 3],
    [5, 3],
    [5, 10],
    [20, 10],
    [20, 100],
  ])('fails no POST where its end takes %i ms, after %i ms', async (latency, after) => {
    for (const pause of [after - 0.5, after, 0]) {
      const { failures, received } = await run({ latency, after, pause: () => pause }, 60);
      expect(failures).toEqual([]);
      expect(received).toEqual(ALL.slice(0, 60));
    }
  });
});

describe('a server that does not keep its word', () => {
  /** Every 100 POSTs, the client has forgotten it. */
  const CROSSING: Closing = {
    fields: 'Keep-Alive: timeout=5\r\n',
    latency: 5,
    after: 3,
    pause: (n) => (n % 100 === 99 ? 61_000 : 2),
  };

  test('fails a POST that its end crosses on the way, which says that it was not sent twice', async () => {
    const { failures, received } = await run(CROSSING);
    expect(failures.length).toBeGreaterThan(0);
    expect(failures.length).toBeLessThan(10);
    expect(new Set(received).size).toBe(received.length);
    for (const error of failures) {
      expect(error).toBeInstanceOf(BrokenError);
      expect((error as Error).message).toMatch(
        /^request: the server closed the connection before it answered; .* was not sent twice: repeat it only if /,
      );
      expect(error).toMatchObject({ code: 'ECONNRESET' });
      expect(failedRequestOf(error)).toEqual({
        method: 'POST',
        origin: 'http://server',
        phase: 'headers',
        attempt: 1,
        isReplayable: false,
      });
    }
  });

  test('fails no POST with an Idempotency-Key, which is repeated', async () => {
    const { failures, received } = await run({ ...CROSSING, headers: { 'Idempotency-Key': 'k' } });
    expect(failures).toEqual([]);
    expect([...new Set(received)]).toEqual(ALL);
  });
});

describe('a server that says how long it keeps a connection', () => {
  const around =
    (milliseconds: number) =>
    (n: number): number =>
      milliseconds - 60 + ((n * 7.3) % 120);

  test('fails no POST where the margin is longer than a round trip', async () => {
    const { failures, received } = await run({
      latency: 5,
      after: 1_000,
      pause: around(1_000),
      fields: 'Keep-Alive: timeout=1\r\n',
      client: { deadlines: { idleMargin: 11 } },
    });
    expect(failures).toEqual([]);
    expect(received).toEqual(ALL);
  });

  test('fails no POST by the default margin, far away', async () => {
    const { failures } = await run({
      latency: 240,
      after: 2_000,
      pause: around(1_500),
      fields: 'Keep-Alive: timeout=2\r\n',
    });
    expect(failures).toEqual([]);
  });
});
