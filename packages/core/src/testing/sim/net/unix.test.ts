import { once } from 'node:events';
import http from 'node:http';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import { expect, test } from '@jest/globals';
import type { Simulation } from '../options.ts';
import { simulate } from '../simulate.ts';

const PATH = '/run/app.sock';

/** Runs a program on a host to its end. */
function on(sim: Simulation, body: () => Promise<void> | void): Promise<void> {
  return new Promise((resolve, reject) => {
    sim.host('app').run(async () => {
      try {
        await body();
        resolve();
      } catch (error) {
        reject(error);
      }
    });
  });
}

test('servers and sockets of node:net have paths, with the shapes and errors of Node', async () => {
  await simulate({ seed: 1 }, (sim) =>
    on(sim, async () => {
      const server = net.createServer((socket) => {
        expect([socket.remoteAddress, socket.address()]).toEqual([undefined, {}]);
        socket.end('hello');
      });
      server.listen(PATH);
      expect(server.address()).toBe(PATH);
      await once(server, 'listening');
      const socket = net.connect(PATH);
      expect(await text(socket)).toBe('hello');
      expect([socket.remoteAddress, socket.remotePort, socket.localFamily]).toEqual(
        Array(3).fill(undefined),
      );
      expect(await text(net.createConnection({ path: PATH }))).toBe('hello');
      const second = net.createServer().listen({ path: PATH });
      const [used] = (await once(second, 'error')) as [NodeJS.ErrnoException];
      expect(used).toMatchObject({
        message: `listen EADDRINUSE: address already in use ${PATH}`,
        code: 'EADDRINUSE',
        syscall: 'listen',
        address: PATH,
      });
      server.close();
      await once(server, 'close');
      const [missing] = (await once(net.connect(PATH), 'error')) as [NodeJS.ErrnoException];
      expect(missing).toMatchObject({
        message: `connect ENOENT ${PATH}`,
        code: 'ENOENT',
        errno: -2,
        syscall: 'connect',
        address: PATH,
      });
      expect('port' in missing).toBe(false);
    }),
  );
});

test('node:http asks over a path', async () => {
  const run = (): Promise<{ readonly hash: string }> =>
    simulate({ seed: 2, faults: { split: 0.5 } }, (sim) =>
      on(sim, async () => {
        const server = http.createServer((request, response) => {
          response.end(`you asked for ${request.url}`);
        });
        server.listen(PATH);
        await once(server, 'listening');
        const request = http.get({ socketPath: PATH, path: '/a' });
        const [response] = (await once(request, 'response')) as [http.IncomingMessage];
        expect(await text(response)).toBe('you asked for /a');
        server.close();
      }),
    );
  expect((await run()).hash).toBe((await run()).hash);
});
