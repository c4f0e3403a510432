import { afterEach, beforeEach, describe, expect, test } from '@jest/globals';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  existsSync,
  readdirSync,
  readFileSync,
  renameSync,
  statSync,
  unlinkSync,
  watch,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import { dirname } from 'node:path';
import {
  AddressError,
  BrokenError,
  ClosedError,
  InvalidInputError,
  PathAddress,
  UnixListener,
  UnixStream,
} from '../../src/index.ts';
import { describeIf } from '../support/capabilities.ts';
import { keep } from '../support/keep.ts';
import { startProgram } from '../support/program.ts';
import { temporaryPath, unixPair } from '../support/socket-pairs.ts';

let path: string;
let remove: () => Promise<void>;

beforeEach(async () => {
  ({ path, remove } = await temporaryPath());
});

afterEach(() => remove());

const isLinux = process.platform === 'linux';

/** Leaves a socket file behind, as a process does that dies. */
async function leaveStaleFile(): Promise<void> {
  const script = `require('node:net').createServer().listen(${JSON.stringify(path)}, () => process.kill(process.pid, 'SIGKILL'))`;
  await once(spawn(process.execPath, ['-e', script], { stdio: 'ignore' }), 'exit');
}

describe('a Unix socket', () => {
  test('carries bytes both ways and ends as a stream does', async () => {
    const { client, server } = keep(await unixPair());
    await client.writeAll('ping');
    await client.shutdown('write');
    expect(Buffer.from(await server.readExactly(4)).toString()).toBe('ping');
    expect(await server.readChunk()).toBeNull();
    await server.writeAll('pong');
    await server.close();
    expect(Buffer.from(await client.readExactly(4)).toString()).toBe('pong');
    expect(await client.readChunk()).toBeNull();
    expect(await server.closed).toMatchObject({ how: 'eof', by: 'peer', bytesRead: 4 });
    expect(await client.closed).toMatchObject({ how: 'shutdown', by: 'local', bytesRead: 4 });
  });

  test('carries more than the kernel holds, to a reader that is slow', async () => {
    const { client, server } = keep(await unixPair());
    const sent = new Uint8Array(3_000_000).map((_, at) => at * 31);
    const writing = client.writeAll(sent).then(() => client.close());
    const chunks: Uint8Array[] = [];
    for await (const chunk of server) chunks.push(chunk);
    await writing;
    expect(Buffer.concat(chunks).equals(Buffer.from(sent))).toBe(true);
  });

  test('has the listener’s path at one end and no name at the other', async () => {
    const listener = keep(await UnixListener.bind({ path }));
    expect(listener.localAddress).toEqual(new PathAddress(path));
    const client = keep(await UnixStream.connect(listener.localAddress));
    const server = keep(await listener.accept());
    const names = [client, server].map((end) => [end.localAddress, end.remoteAddress].map(String));
    expect(names).toEqual([
      ['unix:', `unix:${path}`],
      [`unix:${path}`, 'unix:'],
    ]);
    await Promise.all([client.close(), server.close(), listener.close()]);
  });

  test('is refused with the reason when no one is there', async () => {
    await expect(UnixStream.connect(path)).rejects.toMatchObject({
      name: 'AddressError',
      code: 'ENOENT',
      operation: 'connect',
    });
    await leaveStaleFile();
    await expect(UnixStream.connect(path)).rejects.toMatchObject({
      name: 'AddressError',
      code: 'ECONNREFUSED',
    });
  });

  test('tells a peer that left bytes unread', async () => {
    const { client, server } = keep(await unixPair());
    await client.writeAll('never read');
    await server.readable();
    server.reset();
    const end = await client.readChunk().catch((error: unknown) => error);
    expect(end === null || end instanceof BrokenError).toBe(true);
  });

  test('connects by a signal and a timeout', async () => {
    const signal = AbortSignal.abort(new Error('no'));
    await expect(UnixStream.connect(path, { signal })).rejects.toThrow('no');
    await expect(UnixStream.connect(path, { timeout: -1 })).rejects.toThrow(InvalidInputError);
  });
});

describe('a Unix listener', () => {
  test('removes its file when it closes', async () => {
    const listener = keep(await UnixListener.bind(path));
    expect(statSync(path).isSocket()).toBe(true);
    await listener.close();
    expect(existsSync(path)).toBe(false);
    await expect(listener.accept()).rejects.toThrow(ClosedError);
    await listener.close();
  });

  test('refuses a stale file and says what it is; removes it when it may', async () => {
    await leaveStaleFile();
    await expect(UnixListener.bind(path)).rejects.toMatchObject({
      name: 'AddressError',
      code: 'EADDRINUSE',
      message: expect.stringMatching(/stale socket file: no process listens on it.*removeStale/),
    });
    const listener = keep(await UnixListener.bind(path, { removeStale: true }));
    const client = keep(await UnixStream.connect(path));
    await client.close();
    await listener.close();
    expect(existsSync(path)).toBe(false);
  });

  test('never takes the path of another listener', async () => {
    const first = keep(await UnixListener.bind(path));
    await expect(UnixListener.bind(path, { removeStale: true })).rejects.toThrow(
      /is the socket of a process that is listening on it/,
    );
    const client = keep(await UnixStream.connect(path));
    await client.close();
    await first.close();
  });

  test('never removes a file that is no socket', async () => {
    writeFileSync(path, 'precious');
    await expect(UnixListener.bind(path, { removeStale: true })).rejects.toThrow(
      /exists and is not a socket/,
    );
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('needs a directory that is there', async () => {
    await expect(UnixListener.bind(`${path}/missing/socket`)).rejects.toThrow(AddressError);
  });

  test('gives its file the mode that was asked for', async () => {
    const listener = keep(await UnixListener.bind(path, { mode: 0o600 }));
    expect(statSync(path).mode & 0o777).toBe(0o600);
    await listener.close();
    await expect(UnixListener.bind(path, { mode: 0o1777 })).rejects.toThrow(/permission bits/);
  });

  test('is closed by its signal, before and after it is bound', async () => {
    const controller = new AbortController();
    const listener = keep(await UnixListener.bind(path, { signal: controller.signal }));
    const accepting = listener.accept().catch((error: unknown) => error);
    controller.abort();
    expect(await accepting).toBeInstanceOf(ClosedError);
    await listener.close();
    const late = new AbortController();
    const binding = UnixListener.bind(path, { signal: late.signal });
    late.abort(new Error('changed my mind'));
    await expect(binding).rejects.toThrow('changed my mind');
    expect(existsSync(path)).toBe(false);
  });

  test('hands out connections to a loop, and resets those that no one took', async () => {
    const listener = keep(await UnixListener.bind(path));
    const [first, second] = [
      keep(await UnixStream.connect(path)),
      keep(await UnixStream.connect(path)),
    ];
    for await (const stream of listener) {
      await stream.writeAll('hi');
      await stream.close();
      break;
    }
    expect(Buffer.from((await first.readChunk())!).toString()).toBe('hi');
    await listener.readable();
    await listener.close();
    expect(await second.readChunk().catch(({ name }: Error) => name)).toBeNull();
    await Promise.all([first.close(), second.close()]);
  });

  describeIf('abstract names')('on Linux', () => {
    test('has abstract names, without a file', async () => {
      const name = `\0awaitio-test-${process.pid}`;
      const listener = keep(await UnixListener.bind(name));
      expect(String(listener.localAddress)).toBe(`unix:@awaitio-test-${process.pid}`);
      // Node 20 fills the name up with NULs, which /proc shows as @ too.
      const names = readFileSync('/proc/net/unix', 'utf8');
      expect(names).toMatch(new RegExp(` @awaitio-test-${process.pid}@*$`, 'm'));
      expect(existsSync(name.slice(1))).toBe(false);
      const client = keep(await UnixStream.connect({ path: name }));
      const server = keep(await listener.accept());
      await server.writeAll('x');
      expect(await client.readExactly(1)).toEqual(Uint8Array.of(120));
      await expect(UnixListener.bind(name)).rejects.toMatchObject({ code: 'EADDRINUSE' });
      await Promise.all([client.close(), server.close(), listener.close()]);
    });
  });

  test.each([
    ['an empty path', ''],
    ['a lone NUL', '\0'],
    ['a NUL in the middle', '/tmp/a\0b'],
    ['a path longer than the kernel takes', `/tmp/${'x'.repeat(104)}`],
    ['a path of long characters', `/tmp/${'é'.repeat(60)}`],
    ['a number', 7 as never],
    ['an address of another kind', { host: 'localhost', port: 1 } as never],
  ])('refuses %s', async (_name, wrong) => {
    await expect(UnixListener.bind(wrong)).rejects.toThrow(InvalidInputError);
    await expect(UnixStream.connect(wrong)).rejects.toThrow(InvalidInputError);
  });

  test('takes the longest path that the kernel takes', async () => {
    const room = (isLinux ? 107 : 103) - Buffer.byteLength(path);
    const longest = path + 'x'.repeat(room);
    const listener = keep(await UnixListener.bind(longest));
    expect(existsSync(longest)).toBe(true);
    const client = keep(await UnixStream.connect(longest));
    await client.close();
    await listener.close();
  });

  test('talks to the sockets of other programs', async () => {
    const other = createServer((socket) => socket.end('from net'));
    await new Promise<void>((resolve) => {
      other.listen(path, resolve);
    });
    const client = keep(await UnixStream.connect(path));
    expect(Buffer.from((await client.readChunk())!).toString()).toBe('from net');
    await client.close();
    await new Promise((resolve) => {
      other.close(resolve);
    });
  });

  test('has its permissions, and listens, from the moment that its file is there', async () => {
    const seen = new Set<string>();
    const watcher = watch(dirname(path), () => {
      const file = statSync(path, { throwIfNoEntry: false });
      if (file !== undefined) seen.add((file.mode & 0o777).toString(8));
    });
    const listener = keep(await UnixListener.bind(path, { mode: 0o640 }));
    expect((statSync(path).mode & 0o777).toString(8)).toBe('640');
    const client = keep(await UnixStream.connect(path));
    await client.close();
    await listener.close();
    watcher.close();
    expect([...seen].filter((mode) => mode !== '640')).toEqual([]);
  });

  test('leaves nothing beside its file, and nothing when it cannot be bound', async () => {
    const listener = keep(await UnixListener.bind(path));
    expect(readdirSync(dirname(path))).toEqual(['socket']);
    await expect(UnixListener.bind(path)).rejects.toMatchObject({ code: 'EADDRINUSE' });
    expect(readdirSync(dirname(path))).toEqual(['socket']);
    await listener.close();
    expect(readdirSync(dirname(path))).toEqual([]);
  });

  test('leaves the file of a process that has taken its path over', async () => {
    const first = keep(await UnixListener.bind(path));
    unlinkSync(path);
    const second = keep(await UnixListener.bind(path));
    await first.close();
    const client = keep(await UnixStream.connect(path));
    const server = keep(await second.accept());
    await Promise.all([client.close(), server.close(), second.close()]);
    expect(existsSync(path)).toBe(false);
  });

  test('leaves the socket of another program that has taken its path over', async () => {
    const first = keep(await UnixListener.bind(path));
    unlinkSync(path);
    const other = createServer((socket) => socket.end('from net'));
    await new Promise<void>((resolve) => {
      other.listen(path, resolve);
    });
    await first.close();
    const client = keep(await UnixStream.connect(path));
    expect(await client.readLine()).toBe('from net');
    await client.close();
    await new Promise((resolve) => {
      other.close(resolve);
    });
  });

  test('replaces a listener, a stale file and nothing else', async () => {
    const first = keep(await UnixListener.bind(path));
    const second = keep(await UnixListener.bind(path, { replace: true }));
    await first.close();
    const client = keep(await UnixStream.connect(path));
    const server = keep(await second.accept());
    await Promise.all([client.close(), server.close(), second.close()]);
    await leaveStaleFile();
    await keep(await UnixListener.bind(path, { replace: true })).close();
    writeFileSync(path, 'precious');
    await expect(UnixListener.bind(path, { replace: true })).rejects.toThrow(
      /exists and is not a socket/,
    );
    expect(readFileSync(path, 'utf8')).toBe('precious');
  });

  test('is never refused to a client while two processes take the path from each other', async () => {
    const env = { SOCKET_PATH: path };
    const programs = [1, 2].map(() => keep(startProgram('unix-takeover', { env })));
    const turn = async (at: number, line: string): Promise<void> => {
      programs[at]?.say(line);
      expect(await programs[at]?.nextLine()).toBe('done');
    };
    await turn(0, 'take');
    const state = { isOver: false };
    let connects = 0;
    const connecting = (async () => {
      while (!state.isOver) {
        const client = await UnixStream.connect(path);
        connects += 1;
        // A listener that closes resets what it has not accepted.
        await client.readLine().catch(() => {});
        await client.close();
      }
    })();
    for (let round = 1; round <= 50; round += 1) {
      await turn(round % 2, 'take');
      await turn((round + 1) % 2, 'give');
    }
    state.isOver = true;
    await connecting;
    expect(connects).toBeGreaterThan(50);
    expect(statSync(path).isSocket()).toBe(true);
    await turn(0, 'give');
    expect(existsSync(path)).toBe(false);
  }, 30_000);

  test('serves on when its file was moved away', async () => {
    const listener = keep(await UnixListener.bind(path));
    renameSync(path, `${path}-moved`);
    const client = keep(await UnixStream.connect(`${path}-moved`));
    const server = keep(await listener.accept());
    await client.close();
    expect(await server.readChunk()).toBeNull();
  });
});
