import { once } from 'node:events';
import { execFileSync } from 'node:child_process';
import { closeSync, constants, fstatSync, openSync } from 'node:fs';
import { createServer, type Server } from 'node:net';
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, TcpListener, TcpStream } from '../../src/index.ts';
import { keep } from '../support/keep.ts';
import { startProgram } from '../support/program.ts';
import { temporaryPath } from '../support/socket-pairs.ts';

const descriptorOf = (server: Server): number =>
  (server as unknown as { _handle: { fd: number } })._handle.fd;

async function listening(...where: [0, '127.0.0.1'] | [string]): Promise<Server> {
  const server = createServer();
  (server.listen as (...args: unknown[]) => Server)(...where);
  await once(server, 'listening');
  return server;
}

async function ask(port: number, word: string): Promise<string | null> {
  const stream = await TcpStream.connect({ host: '127.0.0.1', port });
  try {
    await stream.writeAll(`${word}\n`);
    return await stream.readLine({ timeout: 5_000 });
  } finally {
    await stream.close();
  }
}

describe('a listening socket from the parent', () => {
  test('is served as one’s own, and no connection is lost when the parent lets go', async () => {
    const server = await listening(0, '127.0.0.1');
    const program = keep(startProgram('inherited-listener', { inherit: descriptorOf(server) }));
    const port = Number(await program.nextLine());
    expect(server.address()).toMatchObject({ port });
    server.close();
    expect(await ask(port, 'hello')).toBe('inherited: hello');
    expect(await ask(port, 'end')).toBe('inherited: end');
    expect(await program.ended).toEqual({ code: 0, stderr: '' });
  });

  test('has to be a listening socket of TCP', async () => {
    const { path, remove } = await temporaryPath();
    const unix = await listening(path);
    // A separate descriptor, because it is closed when this fails.
    const program = keep(startProgram('inherited-listener', { inherit: descriptorOf(unix) }));
    const { code, stderr } = await program.ended;
    expect([code, stderr]).toEqual([1, expect.stringContaining('expected `fd` to be')]);
    unix.close();
    await remove();

    await expect(TcpListener.inherit(-1)).rejects.toThrow(InvalidInputError);
    const reason = new Error('not any more');
    await expect(TcpListener.inherit(0, { signal: AbortSignal.abort(reason) })).rejects.toBe(
      reason,
    );
  });

  test('leaves a descriptor open that is no socket', async () => {
    const { path, remove } = await temporaryPath();
    execFileSync('mkfifo', [path]);
    const { O_RDWR, O_NONBLOCK } = constants;
    for (const fd of [openSync('/dev/null', 'r'), openSync(path, O_RDWR | O_NONBLOCK)]) {
      const { ino } = fstatSync(fd);
      await expect(TcpListener.inherit(fd)).rejects.toMatchObject({
        name: 'InvalidInputError',
        message: expect.stringMatching(
          `expected .fd. to be a socket that listens on TCP, got .*${fd}`,
        ),
      });
      expect(fstatSync(fd).ino).toBe(ino);
      closeSync(fd);
    }
    await remove();
  });
});
