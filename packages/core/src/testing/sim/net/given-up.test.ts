/** Sockets and servers of simulated hosts that are given up while they begin: as those of Node, which run the same programs here. */
import type { EventEmitter } from 'node:events';
import nodeNet from 'node:net';
import { setImmediate as turn } from 'node:timers/promises';
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError } from '../../../vocabulary/errors.ts';
import type { SimHost } from '../network/types.ts';
import { simulate } from '../simulate.ts';

type Net = typeof nodeNet;

/** What a program saw of an emitter. */
function record(emitter: EventEmitter, names: readonly string[]): string[] {
  const seen: string[] = [];
  for (const name of names) emitter.on(name, () => seen.push(name));
  return seen;
}

/** A microtask. */
const NEXT = Promise.resolve();
const SERVER = ['listening', 'error', 'close'];

/** Runs a program with `node:net`, and with that of a simulated host. */
async function onBoth(program: (net: Net, wait: () => Promise<unknown>) => Promise<unknown>) {
  const real = await program(nodeNet, async () => {
    for (let turns = 0; turns < 5; turns += 1) await turn();
  });
  let simulated: unknown;
  await simulate({}, async (sim) => {
    simulated = await program(sim.host('a').net, () => sim.clock.sleep(10));
  });
  return { real, simulated };
}

describe('a server that listens with a signal', () => {
  test('closes when the signal aborts, and lets go of the signal when it has closed', async () => {
    const { real, simulated } = await onBoth(async (net, wait) => {
      const controller = new AbortController();
      const { signal } = controller;
      let listeners = 0;
      const { addEventListener, removeEventListener } = signal;
      Object.assign(signal, {
        addEventListener(...args: Parameters<typeof addEventListener>) {
          listeners += 1;
          Reflect.apply(addEventListener, signal, args);
        },
        removeEventListener(...args: Parameters<typeof removeEventListener>) {
          listeners -= 1;
          Reflect.apply(removeEventListener, signal, args);
        },
      });
      const closed = net.createServer().listen({ port: 0, signal });
      await wait();
      const during = listeners;
      closed.close();
      await wait();
      const after = listeners;
      const aborted = net.createServer().listen({ port: 0, signal });
      const seen = record(aborted, SERVER);
      await wait();
      controller.abort();
      await wait();
      return [during, after, seen, aborted.listening];
    });
    expect(simulated).toEqual([1, 0, ['listening', 'close'], false]);
    expect(real).toEqual(simulated);
  });

  test('that has aborted closes without having listened for anyone', async () => {
    const { real, simulated } = await onBoth(async (net, wait) => {
      const server = net.createServer();
      const seen = record(server, SERVER);
      server.listen({ port: 0, signal: AbortSignal.abort() });
      await wait();
      return [seen, server.listening];
    });
    expect(simulated).toEqual([['close'], false]);
    expect(real).toEqual(simulated);
  });
});

/** Settles when the network has connected for a host: the socket above says so some microtasks later. */
function openedBy(host: SimHost): Promise<unknown> {
  const { connect } = host;
  return new Promise((resolve) => {
    const watched: typeof connect = async (...args) => {
      const stream = await connect(...args);
      resolve(undefined);
      return stream;
    };
    Object.defineProperty(host, 'connect', { value: watched });
  });
}

test('a socket that would read into a buffer of the program is refused, where its data would go unseen', async () => {
  const onread = { buffer: new Uint8Array(8), callback: () => true };
  await simulate({}, async (sim) => {
    const { net } = sim.host('a');
    expect(() => net.connect({ port: 80, host: 'a', onread })).toThrow(InvalidInputError);
    expect(() => new net.Socket({ onread } as object)).toThrow('expected `onread` to be nothing');
  });
});

test('a socket that is destroyed in the moment in which it is connected emits no connect, and its peer sees the end', async () => {
  // By one microtask later each time.
  for (let after = 0; after < 12; after += 1) {
    await simulate({ latency: [5, 5] }, async (sim) => {
      const [a, b] = [sim.host('a'), sim.host('b')];
      const peers: string[] = [];
      const server = a.net.createServer((peer) => {
        peers.push('open');
        peer.on('error', () => {}).on('close', () => peers.push('closed'));
        peer.resume();
      });
      server.listen(80);
      const opened = openedBy(b);
      const socket = b.net.connect(80, 'a');
      const seen = record(socket, ['connect', 'ready', 'close']);
      await opened;
      for (let count = 0; count < after; count += 1) await NEXT;
      const before = [...seen];
      socket.destroy();
      await sim.clock.sleep(100);
      expect(seen).toEqual([...before, 'close']);
      expect(peers).toEqual(peers.length === 0 ? [] : ['open', 'closed']);
      server.close();
    });
  }
});
