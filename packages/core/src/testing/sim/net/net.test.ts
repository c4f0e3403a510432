import { once } from 'node:events';
import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { text } from 'node:stream/consumers';
import tls from 'node:tls';
import { describe, expect, test } from '@jest/globals';
import { TestAuthority } from '../../test-authority.ts';
import { CALM } from '../wire/faults.ts';
import type { Simulation, SimulatedMain } from '../options.ts';
import { SimulationError } from '../report.ts';
import { simulate } from '../simulate.ts';
import { virtualModule } from './modules.ts';
import { on } from '../../../../test/support/simulated-hosts.ts';

const faults = { split: 0.5, slowReader: 0.3 };

/** A few seeds, each twice: the hashes of a seed are equal, those of different seeds are not. */
async function expectRepeatable(main: SimulatedMain, seeds = 5): Promise<void> {
  const hashes = new Set<string>();
  for (let seed = 1; seed <= seeds; seed += 1) {
    const first = await simulate({ seed, faults }, main);
    const second = await simulate({ seed, faults }, main);
    expect(second).toEqual(first);
    hashes.add(first.hash);
  }
  expect(hashes.size).toBe(seeds);
}

describe('sockets of node:net on simulated hosts', () => {
  test('connect, echo and end, with the states, the addresses and the counts of Node’s', async () => {
    const seen: unknown[] = [];
    const note = (what: unknown): void => {
      seen.push(what);
    };
    const main = async (sim: Simulation): Promise<void> => {
      const server = await on(sim, 'server', () => {
        const echo = net.createServer((socket) => {
          note(['accepted', socket.remoteAddress, socket.readyState]);
          socket.pipe(socket);
        });
        echo.listen(7);
        return echo;
      });
      expect(server.address()).toEqual({ address: '10.0.0.1', family: 'IPv4', port: 7 });
      await on(sim, 'client', async () => {
        const socket = net.connect({ host: 'server', port: 7 });
        for (const event of ['lookup', 'connect', 'ready', 'end', 'close']) {
          socket.on(event, () => note(event));
        }
        note([socket.connecting, socket.pending, socket.readyState]);
        expect(socket).toBeInstanceOf(net.Socket);
        expect(socket.setNoDelay(true).setKeepAlive(true, 1).ref().unref()).toBe(socket);
        socket.write('hel');
        await once(socket, 'ready');
        note([socket.connecting, socket.pending, socket.readyState, socket.remoteAddress]);
        expect(socket.address()).toMatchObject({ address: '10.0.0.2', family: 'IPv4' });
        socket.end('lo');
        note(await text(socket));
        await new Promise((resolve) => setImmediate(resolve));
        note([socket.bytesRead, socket.bytesWritten, socket.destroyed, socket.readyState]);
      });
      server.close();
      await once(server, 'close');
      expect(server.listening).toBe(false);
    };
    await simulate({ faults: CALM }, main);
    expect(seen).toEqual([
      [true, true, 'opening'],
      'lookup',
      'connect',
      'ready',
      [false, false, 'open', '10.0.0.1'],
      ['accepted', '10.0.0.2', 'open'],
      'end',
      'hello',
      'close',
      [5, 5, true, 'closed'],
    ]);
  });

  test('fail as Node’s fail: refused, unknown, reset, in use', async () => {
    const failures: unknown[] = [];
    await simulate({ faults: CALM }, async (sim) => {
      const shape = (error: unknown): unknown => {
        const { message, code, syscall, port, address, hostname } = error as Record<
          string,
          unknown
        >;
        return { message, code, syscall, port, address, hostname };
      };
      await on(sim, 'server', async () => {
        net.createServer((socket) => socket.resetAndDestroy()).listen(7);
        const other = net.createServer().listen(7);
        failures.push(shape((await once(other, 'error'))[0]));
        expect(() => net.connect(70_000)).toThrow(
          'Port should be >= 0 and < 65536. Received type number (70000)',
        );
      });
      await on(sim, 'client', async () => {
        for (const [host, port] of [
          ['server', 8],
          ['nowhere', 7],
          ['server', 7],
        ] as const) {
          const socket = net.connect(port, host);
          const closed = new Promise((resolve) => socket.once('close', resolve));
          failures.push(shape((await once(socket.resume(), 'error'))[0]));
          expect(await closed).toBe(true);
        }
        // Destroyed on its way, it says nothing.
        const socket = net.connect(7, 'server').destroy();
        expect(await once(socket, 'close')).toEqual([false]);
      });
    });
    expect(failures).toMatchObject([
      { code: 'EADDRINUSE', syscall: 'listen', address: '10.0.0.1', port: 7 },
      { message: 'connect ECONNREFUSED 10.0.0.1:8', code: 'ECONNREFUSED', syscall: 'connect' },
      { message: 'getaddrinfo ENOTFOUND nowhere', code: 'ENOTFOUND', hostname: 'nowhere' },
      { message: 'read ECONNRESET', code: 'ECONNRESET', syscall: 'read' },
    ]);
  });

  test('have an idle timeout in virtual time, which bytes put off', async () => {
    await simulate({ faults: CALM, latency: [10, 10] }, async (sim) => {
      await on(sim, 'server', () => {
        net
          .createServer((socket) => {
            setTimeout(() => socket.write('a'), 50);
            socket.resume();
          })
          .listen(7);
      });
      await on(sim, 'client', async () => {
        const socket = net.connect({ host: 'server', port: 7, timeout: 100 });
        await once(socket.resume(), 'timeout');
        // The byte arrived 50 ms after the connection, 10 ms later than it was sent.
        expect(sim.clock.now()).toBe(190);
        socket.setTimeout(0).destroy();
      });
    });
  });

  test('end without a word on a host that crashes, and its server listens again after the restart', async () => {
    await simulate({ faults: CALM, giveUpAfter: 5_000 }, async (sim) => {
      const server = sim.host('server');
      let lives = 0;
      server.run(async () => {
        lives += 1;
        const greeting = `life ${lives}`;
        net.createServer((socket) => socket.write(greeting)).listen(7);
      });
      await on(sim, 'client', async () => {
        const first = net.connect(7, 'server');
        expect(String((await once(first, 'data'))[0])).toBe('life 1');
        server.crash();
        const [error] = (await once(first, 'error')) as [NodeJS.ErrnoException];
        expect(error).toMatchObject({ code: 'ETIMEDOUT', syscall: 'read' });
        server.restart();
        const second = net.connect(7, 'server');
        expect(String((await once(second, 'data'))[0])).toBe('life 2');
        second.destroy();
      });
    });
  });

  test('belong to the host whose `net` makes them, also outside of its programs', async () => {
    await simulate({}, async (sim) => {
      const [server, client] = [sim.host('server'), sim.host('client')];
      const listening = server.net.createServer((socket) => socket.end('hello'));
      listening.listen(0);
      await once(listening, 'listening');
      const { port } = listening.address() as net.AddressInfo;
      const socket = new client.net.Socket().connect(port, 'server');
      expect(await text(socket)).toBe('hello');
      expect(await text(client.net.createConnection({ host: 'server', port }))).toBe('hello');
      expect(client.net.isIP('::1')).toBe(6);
      const found = await new Promise((resolve) => {
        client.dns.lookup('server', (_error, address) => resolve(address));
      });
      expect(found).toBe('10.0.0.1');
      listening.close();
    });
  });

  test('are refused outside of every host, with the line of the call', async () => {
    for (const call of [() => net.connect(9), () => net.createServer().listen(0)]) {
      const failure: unknown = await simulate({}, () => {
        call();
      }).catch((error: unknown) => error);
      expect(failure).toBeInstanceOf(SimulationError);
      expect((failure as Error).message).toMatch(
        /sim\.host\(name\)\.run.*called at .*net\.test\.ts/s,
      );
    }
  });
});

test('names are those of the hosts', async () => {
  await simulate({}, async (sim) => {
    sim.host('server');
    await on(sim, 'client', async () => {
      const { lookup, resolve4, resolve6 } = dnsPromises;
      expect(await lookup('server')).toEqual({ address: '10.0.0.1', family: 4 });
      expect(await lookup('server', { all: true })).toEqual([{ address: '10.0.0.1', family: 4 }]);
      expect(await lookup('localhost')).toEqual({ address: '10.0.0.2', family: 4 });
      expect(await resolve4('server')).toEqual(['10.0.0.1']);
      expect(await new dnsPromises.Resolver().resolve('server')).toEqual(['10.0.0.1']);
      await expect(lookup('nowhere')).rejects.toMatchObject({ code: 'ENOTFOUND' });
      await expect(lookup('server', 6)).rejects.toMatchObject({ code: 'ENOTFOUND' });
      await expect(resolve6('server')).rejects.toMatchObject({ code: 'ENODATA' });
      const found = await new Promise((resolve) => {
        dns.resolve4('server', { ttl: true }, (_error, addresses) => resolve(addresses));
      });
      expect(found).toEqual([{ address: '10.0.0.1', ttl: 0 }]);
    });
  });
});

describe('what is built on them is repeatable', () => {
  test('node:http, with its agent and the built-in fetch', async () => {
    const main = async (sim: Simulation): Promise<void> => {
      await on(sim, 'server', () => {
        const server = http.createServer((request, response) => {
          void text(request).then((body) => {
            setTimeout(() => response.end(`${request.url} ${body.length}`), 20);
          });
        });
        server.listen(80);
      });
      await on(sim, 'client', async () => {
        const agent = new http.Agent({ keepAlive: true });
        for (const path of ['/1', '/2']) {
          const request = http.get({ host: 'server', path, agent });
          const [response] = (await once(request, 'response')) as [http.IncomingMessage];
          expect(response.headers.date).toMatch(/^Wed, 01 Jan 2020 00:00:0\d GMT$/);
          expect(await text(response)).toBe(`${path} 0`);
        }
        agent.destroy();
        const bodies = ['a', 'b'.repeat(20_000)].map(async (body) => {
          const response = await fetch('http://server/post', { method: 'POST', body });
          return response.text();
        });
        expect(await Promise.all(bodies)).toEqual(['/post 1', '/post 20000']);
      });
    };
    await expectRepeatable(main);
  });

  test('the keep-alive timeout of a server of node:http is in virtual time', async () => {
    const { virtualTime } = await simulate({ faults: CALM }, async (sim) => {
      await on(sim, 'server', () => {
        const server = http.createServer((_request, response) => response.end());
        server.keepAliveTimeout = 7_000;
        server.listen(80);
      });
      await on(sim, 'client', async () => {
        const agent = new http.Agent({ keepAlive: true });
        const request = http.get({ host: 'server', agent });
        const [response] = (await once(request, 'response')) as [http.IncomingMessage];
        const { socket } = response;
        await text(response);
        await once(socket, 'close');
      });
    });
    expect(virtualTime).toBeGreaterThan(7_000);
    expect(virtualTime).toBeLessThan(10_000);
  });

  test('node:tls and node:https', async () => {
    const authority = new TestAuthority();
    const { cert, key } = authority.issue(['server']);
    const main = async (sim: Simulation): Promise<void> => {
      await on(sim, 'server', () => {
        tls.createServer({ cert, key }, (socket) => socket.pipe(socket)).listen(7);
        https
          .createServer({ cert, key }, (_request, response) => response.end('hello'))
          .listen(443);
      });
      await on(sim, 'client', async () => {
        const socket = tls.connect({ host: 'server', port: 7, ca: authority.cert });
        await once(socket, 'secureConnect');
        expect([socket.authorized, socket.encrypted]).toEqual([true, true]);
        socket.end('secret');
        expect(await text(socket)).toBe('secret');
        const request = https.get({ host: 'server', ca: authority.cert });
        const [response] = (await once(request, 'response')) as [http.IncomingMessage];
        expect(await text(response)).toBe('hello');
      });
    };
    await expectRepeatable(main, 2);
  });

  test('an agent of node:https uses one connection again and again', async () => {
    const authority = new TestAuthority();
    const main = async (sim: Simulation): Promise<void> => {
      let connections = 0;
      await on(sim, 'server', () => {
        https
          .createServer(authority.issue(['server']), (request, response) => {
            response.end(request.url);
          })
          .on('secureConnection', () => (connections += 1))
          .listen(443);
      });
      await on(sim, 'client', async () => {
        const agent = new https.Agent({ keepAlive: true, maxSockets: 1 });
        // More than an emitter may have listeners of one kind before Node warns of a leak.
        for (let n = 0; n < 15; n += 1) {
          const options = { host: 'server', path: `/${n}`, ca: authority.cert, agent };
          const [response] = (await once(https.get(options), 'response')) as [http.IncomingMessage];
          expect(await text(response)).toBe(`/${n}`);
        }
        agent.destroy();
      });
      expect(connections).toBe(1);
    };
    await expectRepeatable(main, 2);
  });
});

test('a module for a test runner to replace is that of the host of its caller', async () => {
  const replaced = virtualModule('node:net') as unknown as typeof net & { default: typeof net };
  expect(replaced.default.connect).toBe(replaced.connect);
  expect(() => virtualModule('undici')).toThrow('expected `name` to be the name of a module');
  await simulate({}, async (sim) => {
    await on(sim, 'server', () => {
      replaced.createServer((socket) => socket.end('hello')).listen(7);
    });
    await on(sim, 'client', async () => {
      expect(await text(replaced.connect(7, 'server'))).toBe('hello');
      expect(await text(new replaced.Socket().connect(7, 'server'))).toBe('hello');
    });
  });
});
