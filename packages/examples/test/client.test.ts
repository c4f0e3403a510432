import { describe, expect, test } from '@jest/globals';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { TcpListener, TlsListener } from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { echo, HttpResponse, serve } from '@awaitio/http';
import { describeIf } from '../../core/test/support/capabilities.ts';
import { start } from './support/program.ts';

const blockOf = (name: string, body: string): RegExp =>
  new RegExp(
    `^${name} connection completed\nHTTP/1\\.1 200 OK\n(?:[\\w-]+: .*\n)+\n${body}\n`,
    'gm',
  );
const countOf = (text: string, pattern: RegExp): number => text.match(pattern)?.length ?? 0;

describe.each(['client', 'poll-client'])('%s', (name) => {
  test.concurrent('prints both completions and both answers, once each', async () => {
    await using server = await serve(echo());
    const { port } = server.address as { port: number };
    const { status, stdout, stderr } = await start(name, '--port', String(port)).ended;
    expect({ status, stderr }).toEqual({ status: 0, stderr: '' });
    expect(countOf(stdout, blockOf('First', 'echo: '))).toBe(1);
    expect(countOf(stdout, blockOf('Second', 'echo: '))).toBe(1);
    expect(countOf(stdout, /completed/g)).toBe(2);
    expect(countOf(stdout, /echo: /g)).toBe(2);
  });

  test.concurrent('posts what it is given', async () => {
    await using server = await serve(echo());
    const { stdout } = await start(name, '--data', 'name=WasmEdge', server.url).ended;
    expect(countOf(stdout, blockOf('First', 'echo: name=WasmEdge'))).toBe(1);
    expect(countOf(stdout, blockOf('Second', 'echo: name=WasmEdge'))).toBe(1);
  });

  test.concurrent('has both connections open at once and prints the answer that comes first, first', async () => {
    await using listener = await TcpListener.bind('127.0.0.1:0');
    const base = `http://${String(listener.localAddress)}`;
    const program = start(name, `${base}/first`, `${base}/second`);
    const streams = new Map<string, Awaited<ReturnType<typeof listener.accept>>>();
    for (let count = 0; count < 2; count += 1) {
      const stream = await listener.accept();
      const line = await stream.readLine();
      streams.set(line?.split(' ')[1] ?? '', stream);
    }
    const answer = (text: string): string =>
      `HTTP/1.1 200 OK\r\nContent-Length: ${text.length}\r\n\r\n${text}`;
    await streams.get('/second')?.writeAll(answer('two'));
    await program.printed(/^two$/);
    expect(program.lines).not.toContain('First connection completed');
    await streams.get('/first')?.writeAll(answer('one'));
    const { status, stdout } = await program.ended;
    expect(status).toBe(0);
    expect(stdout.indexOf('Second')).toBeLessThan(stdout.indexOf('First'));
    for (const stream of streams.values()) await stream.close();
  });

  test.concurrent('a failure says in which phase of its request it came', async () => {
    await using listener = await TcpListener.bind('127.0.0.1:0');
    const base = `http://${String(listener.localAddress)}`;
    const program = start(name, 'http://127.0.0.1:1/', `${base}/`);
    const stream = await listener.accept();
    await stream.readUntil('\r\n\r\n');
    await stream.writeAll('SSH-2.0-OpenSSH_9.6\r\n');
    const { stdout } = await program.ended;
    expect(stdout).toMatch(/^First connection error: .* \(phase: connect\)$/m);
    expect(stdout).toMatch(/^Second connection error: .* \(phase: headers\)$/m);
    await stream.close();
  });

  test.concurrent('a failure is one line and exit status 1, and leaves the other request alone', async () => {
    await using server = await serve(echo());
    const { status, stdout, stderr } = await start(name, 'http://127.0.0.1:1/', server.url).ended;
    expect({ status, stderr }).toEqual({ status: 1, stderr: '' });
    expect(stdout).toMatch(/^First connection error: .*ECONNREFUSED.*$/m);
    expect(countOf(stdout, blockOf('Second', 'echo: '))).toBe(1);
  });

  test.concurrent('waits for a body that comes long after the head', async () => {
    await using listener = await TcpListener.bind('127.0.0.1:0');
    const program = start(name, `http://${String(listener.localAddress)}/`);
    const streams = [await listener.accept(), await listener.accept()];
    for (const stream of streams) {
      await stream.readUntil('\r\n\r\n');
      await stream.writeAll('HTTP/1.1 200 OK\r\nContent-Length: 4\r\n\r\n');
    }
    for (const stream of streams) for (const byte of 'late') await stream.writeAll(byte);
    const { status, stdout } = await program.ended;
    expect(status).toBe(0);
    expect(countOf(stdout, /^late$/gm)).toBe(2);
    for (const stream of streams) await stream.close();
  });

  test.concurrent('an answer that breaks off is an error, not a short answer', async () => {
    await using listener = await TcpListener.bind('127.0.0.1:0');
    const program = start(name, `http://${String(listener.localAddress)}/`);
    for (let count = 0; count < 2; count += 1) {
      const stream = await listener.accept();
      await stream.readUntil('\r\n\r\n');
      await stream.writeAll('HTTP/1.1 200 OK\r\nContent-Length: 10\r\n\r\nshort');
      await stream.close();
    }
    const { status, stdout } = await program.ended;
    expect(status).toBe(1);
    expect(stdout).toMatch(/^First connection error: /m);
    expect(stdout).toMatch(/^Second connection error: /m);
  });
});

describe('client --output', () => {
  /** A name in a new folder, which is removed afterwards. */
  async function inFolder(use: (file: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'awaitio-client-'));
    try {
      await use(join(folder, 'body'));
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  test.concurrent('writes a body longer than memory would take to a file, and no progress into a pipe', () =>
    inFolder(async (file) => {
      const piece = Buffer.alloc(1_048_576, 'x');
      await using server = await serve((request) =>
        request.path === '/'
          ? HttpResponse.empty({ status: 302, headers: { Location: '/long' } })
          : HttpResponse.stream(Array<Buffer>(20).fill(piece), { length: 20 * piece.length }),
      );
      const { status, stdout, stderr } = await start('client', '--output', file, server.url).ended;
      expect({ status, stdout, stderr }).toEqual({
        status: 0,
        stdout: `First connection completed\nWrote ${file}\n`,
        stderr: '',
      });
      expect((await stat(file)).size).toBe(20 * piece.length);
    }));

  test.concurrent('writes nothing for an answer that is none of success', () =>
    inFolder(async (file) => {
      await using server = await serve(() => HttpResponse.text('no', { status: 404 }));
      const { status, stdout } = await start('client', '--output', file, server.url).ended;
      expect(status).toBe(1);
      expect(stdout).toMatch(
        /^First connection error: .* was answered with 404 \(phase: body\)\n$/,
      );
      await expect(stat(file)).rejects.toThrow('ENOENT');
    }));

  test.concurrent('says that the file is not whole where the body is not', () =>
    inFolder(async (file) => {
      await using listener = await TcpListener.bind('127.0.0.1:0');
      const url = `http://${String(listener.localAddress)}/`;
      const program = start('client', '--output', file, url);
      const stream = await listener.accept();
      await stream.readUntil('\r\n\r\n');
      await stream.writeAll('HTTP/1.1 200 OK\r\nContent-Length: 9\r\n\r\nhalf');
      await stream.close();
      const { status, stdout } = await program.ended;
      expect({ status, stdout }).toEqual({
        status: 1,
        stdout:
          `${file} is not whole\n` +
          'First connection error: the connection ended inside a message (phase: body)\n',
      });
    }));

  test.concurrent('is named where a body is too long to be printed', () =>
    inFolder(async () => {
      const piece = Buffer.alloc(1_048_576, 'x');
      await using server = await serve(() => HttpResponse.stream(Array<Buffer>(20).fill(piece)));
      const { status, stdout } = await start('client', server.url).ended;
      expect([
        status,
        countOf(stdout, /is longer than 16 MiB; write it with --output FILE$/gm),
      ]).toEqual([1, 2]);
    }));

  test.concurrent('names the phase in which the certificate of an https server is not trusted', () =>
    inFolder(async (file) => {
      const identity = new TestAuthority().issue(['127.0.0.1']);
      await using listener = await TlsListener.bind('127.0.0.1:0', identity);
      await using server = await serve(echo(), { listener });
      const url = `https://${String(listener.localAddress)}/`;
      const { stdout } = await start('client', '--output', file, url).ended;
      expect(stdout).toMatch(/^First connection error: .* \(phase: tls\)\n$/);
      await server.shutdown({ grace: 0 });
    }));
});

describeIf('signals').each(['client', 'poll-client'])('%s', (name) => {
  test.concurrent('ends at Ctrl-C while a server keeps it waiting', async () => {
    await using listener = await TcpListener.bind('127.0.0.1:0');
    const program = start(name, `http://${String(listener.localAddress)}/`);
    const streams = [await listener.accept(), await listener.accept()];
    for (const stream of streams) await stream.readUntil('\r\n\r\n');
    const { status, stdout } = await program.stop('SIGINT');
    expect(status).toBe(1);
    expect(countOf(stdout, /^(?:First|Second) connection error: interrupted by SIGINT$/gm)).toBe(2);
    for (const stream of streams) await stream.close();
  });
});
