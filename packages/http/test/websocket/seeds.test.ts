/** Both sides on a network with every fault: the invariants of `support/websocket-protocol.ts` for many seeds. */
import { describe, expect, test } from '@jest/globals';
import { simulate, simulateSeeds } from '@awaitio/core/testing';
import * as http from '../../src/index.ts';
import * as websockets from '../../src/websocket/index.ts';
import { countFromEnvironment } from '../../../core/test/support/environment.ts';
import { DEADLINE, FAULTS, LOSSLESS } from '../support/request-protocol.ts';
import {
  websocketProtocol,
  type SendBack,
  type TalkOptions,
} from '../support/websocket-protocol.ts';

/** Ten thousand by `node scripts/nightly/nightly-simulation.mjs --program websocket --count 10000`. */
const SEEDS = countFromEnvironment('AWAITIO_WEBSOCKET_SEEDS', 150);

const conversation = (options?: TalkOptions) => websocketProtocol({ http, websockets }, options);

describe('WebSockets under every fault', () => {
  test.each<[string, TalkOptions | undefined]>([
    ['', undefined],
    [', while their server shuts down', { drains: true }],
  ])(
    'keep every promise for many seeds%s',
    async (_what, options) => {
      const report = await simulateSeeds(
        { from: 1, count: SEEDS, faults: FAULTS, deadline: DEADLINE },
        conversation(options),
      );
      expect(report.runs).toBe(SEEDS);
    },
    3_600_000,
  );

  test.each([false, true])(
    'lose nothing where the network loses nothing (the server shuts down: %p)',
    async (drains) => {
      const count = Math.ceil(SEEDS / 5);
      const report = await simulateSeeds(
        { from: 1, count, faults: LOSSLESS, latency: [1, 5], deadline: DEADLINE },
        conversation({ isLossless: true, drains }),
      );
      expect(report.runs).toBe(count);
    },
    3_600_000,
  );

  test('do the same again for the same seed', async () => {
    for (let seed = 1; seed <= 10; seed += 1) {
      const options = { seed, faults: FAULTS, deadline: DEADLINE };
      const first = await simulate(options, conversation());
      const second = await simulate(options, conversation());
      expect(second.hash).toBe(first.hash);
    }
  });

  let count = 0;
  test.each<readonly [string, SendBack]>([
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
  ])('notice a server that %s a message', async (_what, sendBack) => {
    const options = { from: 1, count: 50, faults: LOSSLESS, deadline: DEADLINE };
    const program = conversation({ sendBack, isLossless: true });
    await expect(simulateSeeds(options, program)).rejects.toThrow('failed at');
  });

  test('meet every kind of end among the first seeds', async () => {
    const seen = new Set<string>();
    for (let seed = 1; seed <= 100; seed += 1) {
      const program = conversation({ drains: seed % 2 === 0 });
      const { trace } = await simulate({ seed, faults: FAULTS, deadline: DEADLINE }, program);
      for (const { event, subject } of trace) if (event === 'log') seen.add(subject);
    }
    for (const end of ['clean', 'broken', 'was not opened', 'was sent away']) {
      expect([...seen]).toContain(`client ${end}`);
    }
  });
});
