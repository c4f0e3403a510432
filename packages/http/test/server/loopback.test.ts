/**
 * What only real sockets can show: descriptors that come back, ten thousand connections at once, clients that are killed,
 * and that other people's HTTP understands ours.
 */

import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readdirSync } from 'node:fs';
import { Agent, createServer, request as nodeRequest, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { createInterface } from 'node:readline';
import { setImmediate as turn, setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { seededRandom, TcpListener, TcpStream, trackStreams } from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import { expectNoOpenStreams } from '@awaitio/core/testing';
import { describeIf } from '../../../core/test/support/capabilities.ts';
import { echo, HttpClient, HttpResponse, serve, type HttpServer } from '../../src/index.ts';
import { countFromEnvironment } from '../../../core/test/support/environment.ts';
import { lend } from '../support/lend.ts';
import { Wire } from '../support/wire.ts';

const isLinux = process.platform === 'linux';
/** How many clients are killed; ten thousand with `AWAITIO_KILLS=10000`. */
const KILLS = countFromEnvironment('AWAITIO_KILLS', 500);
const CROWD = 10_000;
const descriptors = (): number => (isLinux ? readdirSync('/proc/self/fd').length : 0);
const timers = (): number =>
  process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;

/** Lets the loop turn until as few descriptors are open as before, for 5 s at most. */
async function settled(before: number): Promise<number> {
  const deadline = performance.now() + 5_000;
  while (descriptors() > before && performance.now() < deadline) await turn();
  return descriptors();
}

const servers: HttpServer[] = [];

async function start(...args: Parameters<typeof serve>): Promise<HttpServer> {
  const server = await serve(...args);
  servers.push(server);
  return server;
}

const addressOf = (server: HttpServer): string => String(server.address);

beforeEach(() => {
  trackStreams(true);
});

afterEach(async () => {
  await Promise.all(servers.splice(0).map((server) => server.shutdown({ grace: 1_000 })));
  await expectNoOpenStreams();
  trackStreams(false);
});

describe('an echo to a client that sends all of its request before it reads', () => {
  const large = 64_000_000;
  const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${large}\r\n\r\n`;

  /** Sends as much as the server takes. */
  async function sendOnly(server: HttpServer): Promise<Wire> {
    const wire = new Wire(await TcpStream.connect(addressOf(server)));
    await wire.send(head);
    wire.send(Buffer.alloc(large)).catch(() => {});
    return wire;
  }

  test('ends with an error that names the deadline and the reason', async () => {
    const failed = deferred<unknown>();
    const onError = (error: unknown): void => {
      failed.resolve(error);
    };
    const server = await start(echo(), { onError, deadlines: { writeStall: 300 } });
    const wire = await sendOnly(server);
    const error = await failed.promise;
    expect(error).toMatchObject({ code: 'ERR_HTTP_WRITE_STALL' });
    expect(String(error)).toMatch(
      /read nothing of the response for 300 ms \(`deadlines\.writeStall`\) while it was sending/,
    );
    await wire.closed;
  });

  test('is in the report of a shutdown that aborts it, and no error', async () => {
    const errors: unknown[] = [];
    const onError = (error: unknown): void => {
      errors.push(error);
    };
    const server = await start(echo(), { onError });
    const wire = await sendOnly(server);
    while (server.statistics().requests.active === 0) await turn();
    const { aborted } = await server.shutdown({ grace: 200 });
    expect(aborted).toEqual([String((wire.stream as TcpStream).localAddress)]);
    await wire.closed;
    expect(errors).toEqual([]);
  });
});

describe('an echo of large bodies', () => {
  // A global is slow to look up in the sandbox of a test file: five million times take as long as the test may.
  const { imul } = Math;
  /** Bytes that no other body has, so that one body’s memory is not taken for another’s. */
  const body = (seed: number, size: number): Uint8Array => {
    const bytes = new Uint8Array(size);
    let state = seed;
    for (let at = 0; at < size; at += 1) {
      // Of Numerical Recipes: a generator of better numbers takes longer than the echo, of 14 MB.
      state = imul(state, 1_664_525) + 1_013_904_223;
      bytes[at] = state >>> 24;
    }
    return bytes;
  };
  const sizes = [16_384, 33_000, 65_536, 65_537, 100_000, 131_072, 131_073, 300_000];

  test('gives each client its own, whatever memory they had', async () => {
    const server = await start(echo());
    const client = new HttpClient({ maxConnectionsPerOrigin: 16 });
    await Promise.all(
      Array.from({ length: 16 }, async (_, loop) => {
        for (const [n, size] of sizes.entries()) {
          const sent = body(loop * 100 + n, size);
          const response = await client.post(server.url, sent);
          const got = await response.bytes({ limit: 1_000_000 });
          expect(Buffer.compare(got, Buffer.concat([Buffer.from('echo: '), sent]))).toBe(0);
        }
      }),
    );
    await client.close();
  });

  test('gives a client that reads late its own too', async () => {
    const server = await start(echo());
    const size = 131_000;
    const late = await Promise.all(
      Array.from({ length: 12 }, async (_, n) => {
        const wire = new Wire(await TcpStream.connect(addressOf(server)));
        const sent = body(n, size);
        await wire.send(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`);
        await wire.stream.writeAll(sent);
        return { wire, sent };
      }),
    );
    const client = new HttpClient();
    for (let n = 0; n < 50; n += 1) {
      await (await client.post(server.url, body(1_000 + n, 65_536))).bytes();
    }
    for (const { wire, sent } of late) {
      await wire.head();
      expect((await wire.stream.readExactly(6)).toString()).toBe('101,99,104,111,58,32');
      expect(Buffer.compare(await wire.stream.readExactly(size), sent)).toBe(0);
      await wire.close();
    }
    await client.close();
  });
});

describe('descriptors', () => {
  test('are as many after a thousand requests on a hundred connections as before', async () => {
    const server = await start(echo());
    const before = descriptors();
    const client = new HttpClient({ maxConnectionsPerOrigin: 100 });
    let most = 0;
    await Promise.all(
      Array.from({ length: 100 }, async (_, loop) => {
        for (let n = 0; n < 10; n += 1) {
          const response = await client.put(server.url, `${loop} ${n}`);
          expect(await response.text()).toBe(`echo: ${loop} ${n}`);
          most = Math.max(most, client.statistics()[server.url.slice(0, -1)]?.open ?? 0);
        }
      }),
    );
    expect(most).toBe(100);
    await client.close();
    expect(await settled(before)).toBe(before);
    expect(server.statistics().connections.total).toBe(100);
  });

  describeIf('descriptors')('ten thousand at once', () => {
    test('hold, each in the middle of its request, and each gets its answer', holdCrowd, 120_000);
  });
});

async function holdCrowd(): Promise<void> {
  const before = descriptors();
  const { promise: allAreIn, resolve } = deferred<void>();
  let opened = 0;
  const server = await start(echo(), {
    deadlines: { firstByte: 60_000, headers: 60_000, bodyGrace: 60_000 },
    onEvent: ({ type }) => {
      if (type !== 'connectionOpened') return;
      opened += 1;
      if (opened % 100 === 0) crowd.stdin.write('accepted\n');
      if (opened === CROWD) resolve();
    },
  });
  const program = fileURLToPath(new URL('../programs/crowd.mjs', import.meta.url));
  const port = String((server.address as { port?: number }).port);
  const crowd = spawn(process.execPath, [program, port, String(CROWD)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  const ended = once(crowd, 'exit');
  const lines = createInterface(crowd.stdout)[Symbol.asyncIterator]();
  expect(await lines.next()).toEqual({ done: false, value: 'ready' });
  await allAreIn;
  expect(server.statistics().connections.open).toBe(CROWD);
  crowd.stdin.end('go\n');
  const { value } = (await lines.next()) as { value: string };
  expect(JSON.parse(value)).toEqual({ open: CROWD, right: CROWD });
  await ended;
  await server.shutdown();
  expect(await settled(before)).toBeLessThanOrEqual(before);
}

describe('clients that are killed', () => {
  test(`at ${KILLS} random moments leave no descriptor, no timer and no wait`, async () => {
    const random = seededRandom(1);
    const errors: unknown[] = [];
    const server = await start(
      async (request) => {
        if (request.path === '/slow') {
          // Answers when the client has gone.
          await new Promise((resolve) => {
            request.signal.addEventListener('abort', resolve, { once: true });
          });
        }
        if (request.path === '/stream') return HttpResponse.stream(pieces());
        return HttpResponse.bytes(await request.bytes());
      },
      { onError: (error) => errors.push(error), deadlines: { bodyGrace: 500, idle: 500 } },
    );
    async function* pieces(): AsyncGenerator<string> {
      for (let n = 0; n < 100; n += 1) {
        await turn();
        yield 'x'.repeat(10_000);
      }
    }
    const body = 'x'.repeat(50_000);
    const requests = [
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /slow HTTP/1.1\r\nHost: a\r\n\r\n',
      'GET /stream HTTP/1.1\r\nHost: a\r\n\r\n'.repeat(3),
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${body.length}\r\n\r\n${body}`,
      `POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\nc350\r\n${body}\r\n0\r\n\r\n`,
      'garbage\r\n\r\n',
    ];
    const before = { descriptors: descriptors(), timers: timers() };

    const kill = async (): Promise<void> => {
      const stream = await TcpStream.connect(addressOf(server));
      const request = requests[random.integer(0, requests.length - 1)] ?? '';
      const cut = random.chance(0.5) ? request.length : random.integer(0, request.length);
      stream.tryWrite(request.slice(0, cut));
      for (let turns = random.integer(0, 20); turns > 0; turns -= 1) await turn();
      if (random.chance(0.3)) await stream.readChunk({ timeout: 20 }).catch(() => {});
      if (random.chance(0.7)) stream.reset();
      else await stream.close();
    };
    for (let left = KILLS; left > 0; left -= 20) {
      await Promise.all(Array.from({ length: Math.min(20, left) }, kill));
    }

    const deadline = performance.now() + 15_000;
    while (server.statistics().connections.open > 0 && performance.now() < deadline) await turn();
    expect(server.statistics().connections.open).toBe(0);
    expect(await settled(before.descriptors)).toBe(before.descriptors);
    expect(errors).toEqual([]);
    // It still serves.
    const wire = new Wire(await TcpStream.connect(addressOf(server)));
    await wire.send('GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n');
    expect(await wire.rest()).toMatch(/^HTTP\/1\.1 200 /);
    await wire.close();
    await server.shutdown();
    // A wait that was given up this very moment takes its timer away in the next turns.
    const end = performance.now() + 500;
    while (timers() > before.timers && performance.now() < end) await turn();
    expect(timers()).toBeLessThanOrEqual(before.timers);
  }, 120_000);
});

describe('over real sockets', () => {
  test('an error answer reaches a client that is still sending, eight times out of eight', async () => {
    const server = await start(async (request) =>
      HttpResponse.bytes(await request.bytes({ limit: 1_000_000 })),
    );
    for (let n = 0; n < 8; n += 1) {
      const wire = new Wire(await TcpStream.connect(addressOf(server)));
      const over = new AbortController();
      const sending = (async () => {
        await wire.send('POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n');
        const chunk = `10000\r\n${'x'.repeat(65_536)}\r\n`;
        for (let sent = 0; sent < 200 && !over.signal.aborted; sent += 1) await wire.send(chunk);
      })().catch(() => {});
      const answer = await wire.rest();
      over.abort();
      expect(answer).toMatch(/^HTTP\/1\.1 413 [^]*Connection: close\r\n\r\n[^]+$/);
      await wire.close();
      await sending;
    }
  });

  test('clients that drip are let go in their time, and hold no one up', async () => {
    const server = await start(echo(), {
      deadlines: { firstByte: 500, headers: 500, bodyGrace: 500, writeStall: 500, idle: 500 },
    });
    const drip = async (start_: string, next: string): Promise<string> => {
      const wire = new Wire(await TcpStream.connect(addressOf(server)));
      await wire.send(start_);
      const over = new AbortController();
      const dripping = (async () => {
        while (!over.signal.aborted) {
          // Real time: what drips on a socket, against deadlines of the real clock, is what is tested.
          await sleep(50);
          await wire.send(next);
        }
      })().catch(() => {});
      const answer = await wire.rest().catch(() => 'reset');
      over.abort();
      await dripping;
      await wire.close();
      return answer.slice(0, 12);
    };
    const post = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 70000\r\n\r\n';
    const streamed = post.replace('70000', '7000000');
    const attacks = Array.from({ length: 150 }, (_, n) => {
      if (n % 4 === 0) return drip('', '');
      if (n % 4 === 1) return drip(streamed, 'x');
      return n % 4 === 2 ? drip('GET / HTTP/1.1\r\n', 'X: y\r\n') : drip(post, 'x');
    });
    const client = new HttpClient();
    for (let n = 0; n < 20; n += 1) {
      expect(await (await client.post(server.url, 'normal')).text()).toBe('echo: normal');
    }
    const answers = new Set(await Promise.all(attacks));
    // The echo of a long body has begun when the body drips, so that it can only be cut.
    expect([...answers].toSorted()).toEqual(['', 'HTTP/1.1 408', 'reset']);
    await client.close();
  }, 30_000);

  test('a server that is restarted under load loses no request', async () => {
    const listener = await TcpListener.bind('127.0.0.1:0');
    const handled = new Map<string, number>();
    const run = (): Promise<HttpServer> =>
      serve(
        async (request) => {
          const id = await request.text();
          handled.set(id, (handled.get(id) ?? 0) + 1);
          await turn();
          return HttpResponse.text(id);
        },
        { listener: lend(listener) },
      );
    let server = await run();
    const over = new AbortController();
    let answered = 0;
    const load = [0, 1, 2, 3].map(async (loop) => {
      await using client = new HttpClient();
      for (let n = 0; !over.signal.aborted; n += 1) {
        const id = `${loop}-${n}`;
        const response = await client.post(`http://${String(listener.localAddress)}/`, id);
        expect([response.status, await response.text()]).toEqual([200, id]);
        answered += 1;
      }
    });
    const restarts = (async () => {
      for (let n = 0; n < 20; n += 1) {
        const old = server;
        server = await run();
        const report = await old.shutdown({ idleWindow: 100 });
        expect(report.aborted).toEqual([]);
      }
      over.abort();
    })();
    await Promise.all([restarts, ...load]);
    await server.shutdown();
    await listener.close();
    expect(answered).toBeGreaterThan(20);
    expect(handled.size).toBe(answered);
    expect(new Set(handled.values())).toEqual(new Set([1]));
  }, 60_000);

  test('the client of node:http gets answers, 100-continue, chunks, trailers and a kept connection', async () => {
    const server = await start((request) =>
      HttpResponse.stream(request.body, { trailers: { 'X-Sum': '1' } }),
    );
    const agent = new Agent({ keepAlive: true, maxSockets: 1 });
    for (let n = 0; n < 3; n += 1) {
      const log: string[] = [];
      const outgoing = nodeRequest(server.url, {
        agent,
        method: 'POST',
        headers: { Expect: '100-continue', 'Transfer-Encoding': 'chunked' },
      });
      outgoing.on('continue', () => {
        log.push('continue');
        outgoing.end('body');
      });
      outgoing.flushHeaders();
      const [incoming] = (await once(outgoing, 'response')) as [IncomingMessage];
      let text = '';
      for await (const chunk of incoming) text += String(chunk);
      expect([incoming.statusCode, text, incoming.trailers, log]).toEqual([
        200,
        'body',
        { 'x-sum': '1' },
        ['continue'],
      ]);
    }
    expect(server.statistics().connections.total).toBe(1);
    agent.destroy();
  });

  test('fetch gets answers, also when it leaves them unread', async () => {
    const server = await start((request) =>
      request.path === '/long'
        ? HttpResponse.stream(['x'.repeat(1_000_000), 'y'.repeat(1_000_000)])
        : HttpResponse.json({ path: request.path }),
    );
    for (let n = 0; n < 5; n += 1) {
      const response = await fetch(`${server.url}${n}`);
      expect(await response.json()).toEqual({ path: `/${n}` });
      const long = await fetch(`${server.url}long`);
      await long.body?.cancel();
    }
  });

  test('the server of node:http answers our client, over one kept connection', async () => {
    const server = createServer((request, response) => {
      request.setEncoding('utf8');
      let text = '';
      request.on('data', (chunk: string) => {
        text += chunk;
      });
      request.on('end', () => {
        response.setHeader('Trailer', 'X-Sum');
        response.write(`${request.method} `);
        response.addTrailers({ 'X-Sum': String(text.length) });
        response.end(text);
      });
    });
    let connections = 0;
    server.on('connection', () => (connections += 1));
    server.listen(0, '127.0.0.1');
    await once(server, 'listening');
    const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/`;
    const client = new HttpClient();
    for (const body of ['text', ['a', ' stream'], new Uint8Array([65, 66])]) {
      const response = await client.post(url, body, { expectContinue: Array.isArray(body) });
      const text = await response.text();
      expect(text).toMatch(/^POST (text|a stream|AB)$/);
      expect(response.trailers?.get('x-sum')).toBe(String(text.length - 5));
    }
    expect(connections).toBe(1);
    await client.close();
    server.close();
    await once(server, 'close');
  });
});
