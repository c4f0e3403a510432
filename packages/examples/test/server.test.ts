import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { readdirSync } from 'node:fs';
import { describeIf } from '../../core/test/support/capabilities.ts';
import { exchange, readToEnd, start, startServer, type Serving } from './support/program.ts';

/** What `curl -d "name=WasmEdge" -X POST http://127.0.0.1:1234` sends. */
const CURL = [
  'POST / HTTP/1.1',
  'Host: 127.0.0.1:1234',
  'User-Agent: curl/7.88.1',
  'Accept: */*',
  'Content-Length: 13',
  'Content-Type: application/x-www-form-urlencoded',
  '',
  'name=WasmEdge',
].join('\r\n');

/** Windows ends a process that is sent a signal, and tells it nothing. */
const ENDED_BY_SIGNAL = process.platform === 'win32' ? null : 0;

const bodyOf = (answer: string): string => answer.slice(answer.indexOf('\r\n\r\n') + 4);

/** How many descriptors a process has open; `undefined` where the system does not tell. */
const descriptorsOf = ({ pid }: { pid: number }): number | undefined =>
  process.platform === 'linux' ? readdirSync(`/proc/${pid}/fd`).length : undefined;

describe.each(['server', 'poll-server'])('%s', (name) => {
  /** For tests that do not ask what it prints, what it has open or how it ends. */
  let shared: Serving;
  beforeAll(async () => {
    shared = await startServer(name);
  });
  afterAll(async () => {
    await shared.stop();
  });

  test.concurrent('answers what curl posts with `echo: ` and the body', async () => {
    const answer = await exchange(shared, CURL);
    expect(answer).toMatch(/^HTTP\/1\.1 200 OK\r\n/);
    expect(bodyOf(answer)).toBe('echo: name=WasmEdge');
  });

  test.concurrent('prints each connection and each request, and nothing else', async () => {
    const server = await startServer(name);
    const stream = await server.connect();
    await stream.writeAll(`${CURL}GET /a?b=c HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n`);
    await readToEnd(stream);
    await stream.close();
    await server.printed(/^Connection closed$/);
    const { status, stdout, stderr } = await server.stop();
    const peer = String(stream.localAddress);
    expect(stdout.split('\n')).toEqual([
      `Listening on 127.0.0.1:${server.port}`,
      `Try: curl -d "name=WasmEdge" -X POST http://127.0.0.1:${server.port}`,
      `Accepted connection from: ${peer}`,
      `${peer} request: "POST" "/"`,
      `${peer} request: "GET" "/a?b=c"`,
      'Connection closed',
      '',
    ]);
    expect({ status, stderr }).toEqual({ status: ENDED_BY_SIGNAL, stderr: '' });
  });

  test.concurrent('serves others while one client sends byte by byte', async () => {
    const slow = await shared.connect();
    for (const line of CURL.slice(0, -1).split(/(?<=\n)/)) {
      for (const byte of line) await slow.writeAll(byte);
      expect(bodyOf(await exchange(shared, CURL))).toBe('echo: name=WasmEdge');
    }
    await slow.writeAll('e');
    await slow.shutdown('write');
    expect(bodyOf(await readToEnd(slow))).toBe('echo: name=WasmEdge');
    await slow.close();
  });

  test.concurrent('serves others while one client does not read its answer, and then gives it whole', async () => {
    const server = await startServer(name);
    const body = Buffer.alloc(8_000_000, '0123456789');
    const slow = await server.connect();
    const head = `POST / HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: ${body.length}\r\n\r\n`;
    const written = slow.writeAll(Buffer.concat([Buffer.from(head), body]));
    await server.printed(/"POST"/);
    for (let others = 0; others < 10; others += 1) {
      expect(bodyOf(await exchange(server, CURL))).toBe('echo: name=WasmEdge');
    }
    const answer = bodyOf(await readToEnd(slow));
    expect(answer.length).toBe(body.length + 6);
    expect(answer === `echo: ${body.toString()}`).toBe(true);
    await written;
    await slow.close();
    await server.stop();
  });

  test.concurrent('outlives clients that break off in the middle', async () => {
    const server = await startServer(name);
    for (const length of [0, 10, CURL.length - 1, CURL.length]) {
      const stream = await server.connect();
      await stream.writeAll(CURL.slice(0, length));
      stream.reset();
    }
    await server.printed(/^Connection closed$/, 4);
    expect(bodyOf(await exchange(server, CURL))).toBe('echo: name=WasmEdge');
    expect(await server.stop()).toMatchObject({ status: ENDED_BY_SIGNAL, stderr: '' });
  });

  test.concurrent('does not write what a stranger sent to the terminal as it came', async () => {
    const server = await startServer(name);
    await exchange(server, 'GET /"\u009b31m HTTP/1.1\r\nHost: a\r\n\r\n');
    await exchange(server, 'GET /"quoted" HTTP/1.1\r\nHost: a\r\n\r\n');
    await server.printed(/^Connection closed$/, 2);
    const { stdout } = await server.stop();
    expect(stdout).toContain(String.raw`"/\"quoted\""`);
    expect(stdout).not.toContain('\u009b');
  });

  test.concurrent('has as many descriptors open after six requests as before', async () => {
    const server = await startServer(name);
    const before = descriptorsOf(server);
    for (let request = 1; request <= 6; request += 1) await exchange(server, CURL);
    await server.printed(/^Connection closed$/, 6);
    expect(descriptorsOf(server)).toBe(before);
    await server.stop();
  });

  test.concurrent('answers a browser with text', async () => {
    const answer = await exchange(shared, 'GET / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(answer).toContain('\r\nContent-Type: text/plain; charset=utf-8\r\n');
    expect(answer).toContain('\r\nX-Content-Type-Options: nosniff\r\n');
  });

  test.concurrent('says whom it refuses, and why', async () => {
    const server = await startServer(name);
    await exchange(server, `GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`);
    const [line] = await server.printed(/^Refused /);
    expect(line).toMatch(
      /^Refused 127\.0\.0\.1:\d+: ERR_HTTP_HEADERS_TOO_LARGE, answered with 431$/,
    );
    await server.stop();
  });

  test.concurrent('says why it cannot listen', async () => {
    const second = await start(name, '--port', shared.port).ended;
    expect(second).toMatchObject({ status: 1, stdout: '' });
    expect(second.stderr).toMatch(
      new RegExp(`^Cannot listen on 127\\.0\\.0\\.1:${shared.port}: .*EADDRINUSE.*\n$`),
    );
  });
});

describeIf('signals').each(['server', 'poll-server'])('%s at Ctrl-C', (name) => {
  test.concurrent.each(['SIGINT', 'SIGTERM'] as const)(
    'answers what is under way and exits 0 at %s',
    async (signal) => {
      const server = await startServer(name);
      const busy = await server.connect();
      await busy.writeAll(CURL.slice(0, -5));
      await server.printed(/"POST"/);
      const fresh = await server.connect();
      await server.printed(/^Accepted/, 2);
      const ended = server.stop(signal);
      // The connection that never sent a byte is closed first: the server is shutting down.
      expect(await readToEnd(fresh)).toBe('');
      await busy.writeAll(CURL.slice(-5));
      expect(bodyOf(await readToEnd(busy))).toBe('echo: name=WasmEdge');
      await Promise.all([busy.close(), fresh.close()]);
      expect(await ended).toMatchObject({ status: 0, stderr: '' });
    },
  );

  const large = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 64000000\r\n\r\n`;
  const finishing = /^Finishing 1 connection, up to 5 s; Ctrl-C again ends at once$/;

  test.concurrent('says what it finishes, and what it has to cut, with exit status 1', async () => {
    const server = await startServer(name);
    const stream = await server.connect();
    await stream.writeAll(large);
    // It sends without reading, so the transfer never ends.
    stream.writeAll(Buffer.alloc(64_000_000)).catch(() => {});
    await server.printed(/"POST"/);
    const { status, stdout, stderr } = await server.stop();
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout.split('\n').filter((line) => finishing.test(line))).toHaveLength(1);
    expect(stdout).toMatch(/^Cut 1 connection that did not finish in time$/m);
  });

  test.concurrent.each([
    ['SIGINT', 130],
    ['SIGTERM', 143],
  ] as const)('ends at once at a second %s', async (signal, status) => {
    const server = await startServer(name);
    const stream = await server.connect();
    await stream.writeAll(large);
    await server.printed(/"POST"/);
    void server.stop(signal);
    await server.printed(finishing);
    expect(await server.keepStopping(signal)).toMatchObject({ status, stderr: '' });
  });

  test.concurrent('takes a signal that comes twice, as through pnpm, for one', async () => {
    const server = await startServer(name);
    const stream = await server.connect();
    await stream.writeAll(CURL.slice(0, -5));
    await server.printed(/"POST"/);
    void server.stop();
    const ended = server.stop();
    await server.printed(finishing);
    await stream.writeAll(CURL.slice(-5));
    expect(bodyOf(await readToEnd(stream))).toBe('echo: name=WasmEdge');
    expect(await ended).toMatchObject({ status: 0, stderr: '' });
  });
});
