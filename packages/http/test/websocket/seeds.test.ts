/** Both sides on a network with every fault: each message arrives once, whole and in order, or the end says so. */
import { describe, expect, test } from '@jest/globals';
import { simulate, simulateSeeds, type Simulation } from '@awaitio/core/testing';
import { HttpClient, serve } from '../../src/index.ts';
import {
  connectWebSocket,
  webSocket,
  type Message,
  type WebSocket,
} from '../../src/websocket/index.ts';
import { countFromEnvironment } from '../support/environment.ts';
import { DEADLINE, FAULTS, LOSSLESS } from '../support/request-protocol.ts';

const SEEDS = countFromEnvironment('AWAITIO_WEBSOCKET_SEEDS', 500);

type Send = (socket: WebSocket, message: Message) => Promise<void>;
const plain: Send = (socket, message) => socket.send(message);

const show = (message: Message): string =>
  typeof message === 'string' ? message : `bytes ${Buffer.from(message).toString('latin1')}`;

/** A conversation: a client sends numbered messages, which come back; then it says goodbye. */
function conversation(send: Send = plain, isLossless = false) {
  return async (sim: Simulation): Promise<void> => {
    const { clock, executor, random } = sim;
    const deadlines = { ping: 2_000, pong: 2_000, close: 2_000, writeStall: 2_000, writeWindow: 0 };
    const limits = { readAheadMessages: random.integer(1, 4), messageBytes: 300_000 };
    const listener = await sim.host('server').listen(80);
    const server = await serve(
      async (request, context) => {
        const socket = await webSocket(request, context, { deadlines, limits });
        for await (const message of socket) await send(socket, message);
      },
      { listener, clock, executor, onError: () => {} },
    );
    const talk = async (name: string): Promise<void> => {
      const { connect } = sim.host(name);
      await using client = new HttpClient({
        connect,
        clock,
        random,
        deadlines: { headers: 5_000 },
      });
      let socket: WebSocket;
      try {
        socket = await connectWebSocket('ws://server/', {
          client,
          clock,
          random,
          deadlines,
          timeout: 9_000,
        });
      } catch {
        sim.log(`${name} was not opened`);
        return;
      }
      const messages = Array.from({ length: random.integer(1, 12) }, (_, index): Message => {
        const text = `${name} ${index} `.padEnd(random.integer(0, 3_000), '\u00e4');
        if (random.chance(0.05)) return text.padEnd(200_000, '.');
        return random.chance(0.5) ? text : Buffer.from(text);
      });
      const received: string[] = [];
      const receiving = (async () => {
        for await (const message of socket) {
          received.push(show(message));
          if (received.length === messages.length) void socket.close(4_000, 'done');
        }
      })().catch(() => {});
      for (const message of messages) {
        await socket.send(message).catch(() => {});
        if (random.chance(0.3)) await clock.sleep(random.integer(1, 500));
      }
      const end = await socket.closed;
      await receiving;
      const sent = messages.map(show);
      // Once, whole, in order: what came is a beginning of what was sent.
      expect(received).toEqual(sent.slice(0, received.length));
      const isComplete = end.isClean && end.by === 'local';
      expect(isComplete ? received : sent).toEqual(sent);
      expect(isComplete || !isLossless).toBe(true);
      sim.log(end.isClean ? `${name} clean` : `${name} broken`);
    };
    await Promise.all(['client', 'other'].map(talk));
    await server.shutdown({ grace: 10_000 });
  };
}

describe('WebSockets under every fault', () => {
  test(`keep every promise for ${SEEDS} seeds`, async () => {
    const report = await simulateSeeds(
      { from: 1, count: SEEDS, faults: FAULTS, deadline: DEADLINE },
      conversation(),
    );
    expect(report.runs).toBe(SEEDS);
  }, 3_600_000);

  test('lose nothing where the network loses nothing', async () => {
    const report = await simulateSeeds(
      { from: 1, count: SEEDS / 5, faults: LOSSLESS, latency: [1, 5], deadline: DEADLINE },
      conversation(plain, true),
    );
    expect(report.runs).toBe(SEEDS / 5);
  }, 3_600_000);

  test('do the same again for the same seed', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const options = { seed, faults: FAULTS, deadline: DEADLINE };
      const first = await simulate(options, conversation());
      const second = await simulate(options, conversation());
      expect(second.hash).toBe(first.hash);
    }
  });

  let count = 0;
  test.each<readonly [string, Send]>([
    [
      'sends twice',
      async (socket, message) => {
        await socket.send(message);
        count += 1;
        if (count % 20 === 0) await socket.send(message);
      },
    ],
    [
      'leaves out',
      async (socket, message) => {
        count += 1;
        if (count % 20 !== 0) await socket.send(message);
      },
    ],
    [
      'cuts',
      (socket, message) => socket.send(message.length > 2_000 ? message.slice(0, 2_000) : message),
    ],
  ])('notice a server that %s a message', async (_what, send) => {
    const options = { from: 1, count: 50, faults: LOSSLESS, deadline: DEADLINE };
    await expect(simulateSeeds(options, conversation(send, true))).rejects.toThrow('failed at');
  });

  test('meet every kind of end among the first seeds', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 100; seed += 1) {
      const { trace } = await simulate(
        { seed, faults: FAULTS, deadline: DEADLINE },
        conversation(),
      );
      for (const { event, subject } of trace) if (event === 'log') seen.add(subject);
    }
    for (const end of ['client clean', 'client broken', 'client was not opened']) {
      expect([...seen]).toContain(end);
    }
  });
});
