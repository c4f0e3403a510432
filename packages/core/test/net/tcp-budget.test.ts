/**
 * The cooperative budget on real sockets: a connection that always has data does not starve the others.
 *
 * Every test runs twice: as it is, and with a clock whose `defer` continues at once, which has the same effect as having
 * no budget. The second time the same code must starve the other connections, or the test would prove nothing.
 */

import { describe, expect, test } from '@jest/globals';
import { systemClock, TcpListener, TcpStream, type Clock } from '../../src/index.ts';
import { keep } from '../support/keep.ts';

/** As the system's clock, but the loop never turns for those who defer. */
const withoutTurns: Clock = {
  ...systemClock,
  defer: (callback) => {
    queueMicrotask(callback);
  },
};

const OTHERS = 100;
/** How many reads of a byte the hot connection makes. */
const HOT_READS = 60_000;
/** The most of them that may happen before each of the others had its turn: a few turns of 128. */
const FAIR = 128 * 12;

interface Outcome {
  /** How many reads of the hot connection had happened when a timer fired that was due at once. */
  readonly timer: number;
  /** The same, when the last of the others had its bytes. */
  readonly slowest: number;
}

const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

/** Reads a full queue byte by byte, while others wait for what has come to them already. */
async function crowd(clock: Clock): Promise<Outcome> {
  const listener = keep(await TcpListener.bind('127.0.0.1:0', { clock }));
  const pair = async (): Promise<readonly [TcpStream, TcpStream]> => {
    const client = keep(await TcpStream.connect(listener.localAddress, { clock }));
    return [client, keep(await listener.accept())];
  };
  const [source, hot] = await pair();
  await source.writeAll(new Uint8Array(HOT_READS));
  while (hot.statistics().buffered < HOT_READS) await turn();
  const others = [];
  for (let count = 0; count < OTHERS; count += 1) others.push(await pair());

  let reads = 0;
  let timer = HOT_READS;
  let slowest = 0;
  const served = others.map(async ([client, server]) => {
    await server.readChunk();
    slowest = Math.max(slowest, reads);
    await client.close();
  });
  // The bytes of the others are with the kernel before the hot loop begins.
  for (const [client] of others) client.tryWrite('x');
  const fired = new Promise<void>((resolve) => {
    setTimeout(() => {
      timer = reads;
      resolve();
    }, 0);
  });
  for (; reads < HOT_READS; reads += 1) await hot.readWith(() => 1);
  await Promise.all([fired, ...served]);
  return { timer, slowest };
}

describe('a connection that always has bytes', () => {
  test('does not delay a timer, or a hundred others, by more than a few turns', async () => {
    const { timer, slowest } = await crowd(systemClock);
    expect(timer).toBeLessThan(FAIR);
    expect(slowest).toBeLessThan(FAIR);
  });

  test('would keep all of them waiting to its end without the budget', async () => {
    expect(await crowd(withoutTurns)).toEqual({ timer: HOT_READS, slowest: HOT_READS });
  });
});

/** Writes as fast as the kernel takes it, to a peer that reads as fast; counts the writes until a timer fires. */
async function flood(clock: Clock): Promise<number> {
  const listener = keep(await TcpListener.bind('127.0.0.1:0', { clock }));
  const writer = keep(await TcpStream.connect(listener.localAddress, { clock }));
  const reader = keep(await listener.accept());
  const state = { hasFired: false };
  setTimeout(() => {
    state.hasFired = true;
  }, 0);
  let writes = 0;
  // Empty writes always find room.
  while (!state.hasFired && writes < HOT_READS) {
    await writer.write('');
    writes += 1;
  }
  await reader.close();
  return writes;
}

describe('a task that always finds room to write', () => {
  test('lets timers fire', async () => {
    expect(await flood(systemClock)).toBeLessThan(FAIR * 10);
  });

  test('would not without the budget', async () => {
    expect(await flood(withoutTurns)).toBe(HOT_READS);
  });
});

describe('a listener that always has a connection', () => {
  test('lets the loop turn between accepts', async () => {
    const listener = keep(await TcpListener.bind('127.0.0.1:0'));
    const clients = [];
    for (let count = 0; count < 400; count += 1) {
      clients.push(keep(await TcpStream.connect(listener.localAddress)));
    }
    while (listener.statistics().pending < 400) await turn();
    let turnedAt = 400;
    setImmediate(() => {
      turnedAt = Math.min(turnedAt, listener.statistics().accepted);
    });
    for (let count = 0; count < 400; count += 1) keep(await listener.accept());
    expect(turnedAt).toBeLessThan(300);
  });
});
