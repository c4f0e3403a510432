/** Any two programs on any carrier: every byte in its place, every call settled, one listener on each signal. */

import { expect, test } from '@jest/globals';
import * as fc from 'fast-check';
import {
  BusyError,
  ByteStream,
  memoryPair,
  TcpListener,
  TcpStream,
  TimeoutError,
  WOULD_BLOCK,
  type StreamOptions,
  type WaitOptions,
  type WriteData,
  type WriteOptions,
} from '../../src/index.ts';
import type { Transport } from '../../src/lowlevel.ts';
import { lockstepPair, ManualClock, simulate } from '../../src/testing/index.ts';
import { memoryTransports } from '../../src/memory/memory-transport.ts';
import { usesSharedReads } from '../../src/net/socket/shared-buffer.ts';
import { unix, type Pair } from '../support/carriers.ts';
import {
  onCarrier,
  onSystemClock,
  playOn,
  setups,
  testStages,
  type Stage,
} from '../support/stream-stage.ts';
import { scripts } from '../support/stream-script.ts';

const STAGES: readonly Stage[] = [
  {
    name: 'memory',
    isSocket: false,
    runs: 300,
    most: 200_000,
    use: async ({ seed: _seed, ...options }, program) => {
      const clock = new ManualClock();
      await program(memoryPair({ ...options, clock }), (time) => clock.advance(time));
    },
  },
  {
    name: 'lockstep',
    isSocket: false,
    runs: 300,
    most: 500,
    use: async (_setup, program) => {
      const clock = new ManualClock();
      await program(lockstepPair({ clock }), (time) => clock.advance(time));
    },
  },
  {
    name: 'a simulated network that cuts, joins and delays',
    isSocket: false,
    runs: 150,
    most: 20_000,
    use: async ({ seed, readHighWaterMark, writeHighWaterMark }, program) => {
      await simulate({ seed, latency: [0.1, 3], deadline: 36_000_000 }, async (sim) => {
        const options = { readHighWaterMark, writeHighWaterMark };
        const listener = await sim.host('server').listen(80, options);
        const there = await sim.host('client').connect('server:80', options);
        const here = await listener.accept();
        await listener.close();
        await program([there, here], (time) => sim.clock.sleep(time));
      });
    },
  },
  {
    name: `loopback TCP, ${usesSharedReads() ? 'shared reads' : 'data events'}`,
    isSocket: true,
    runs: 100,
    most: 300_000,
    use: async ({ readHighWaterMark, writeHighWaterMark }, program) => {
      const options = { readHighWaterMark, writeHighWaterMark };
      const listener = await TcpListener.bind('127.0.0.1:0', options);
      const there = await TcpStream.connect(listener.localAddress, options);
      const here = await listener.accept();
      await listener.close();
      await program([there, here], onSystemClock);
    },
  },
  onCarrier(unix, 100, 300_000),
];

/** Streams with a mistake, to see that a script is found that shows it. */
const PLANTS: readonly (readonly [
  string,
  new (transport: Transport, options: StreamOptions) => ByteStream,
])[] = [
  [
    'takes a byte with a read that is given up',
    class extends ByteStream {
      override async readExactly(count: number, options?: WaitOptions): Promise<Uint8Array> {
        try {
          return await super.readExactly(count, options);
        } catch (error) {
          if (!(error instanceof BusyError)) this.tryRead(new Uint8Array(1));
          throw error;
        }
      }
    },
  ],
  [
    'accepts a part of a write and says that it was all',
    class extends ByteStream {
      override async writeAll(data: WriteData, options?: WriteOptions): Promise<void> {
        const count = this.tryWrite(data);
        if (options?.progress !== undefined && count !== WOULD_BLOCK) {
          options.progress.accepted = data.length;
        }
      }
    },
  ],
  [
    'loses what came in the same piece when an iteration is left',
    class extends ByteStream {
      override async *[Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
        const chunk = await this.readChunk();
        await this.readChunk({ timeout: 0 }).catch(() => null);
        if (chunk !== null) yield chunk;
      }
    },
  ],
  [
    'listens on a signal for each wait',
    class extends ByteStream {
      override async readable(options?: WaitOptions): Promise<void> {
        options?.signal?.addEventListener('abort', () => {});
        await super.readable(options);
      }
    },
  ],
  [
    'never settles a read that its time has ended',
    class extends ByteStream {
      override readChunk(options?: WaitOptions): Promise<Uint8Array | null> {
        return super.readChunk(options).catch((error: unknown) => {
          if (error instanceof TimeoutError) return new Promise(() => {});
          throw error;
        });
      }
    },
  ],
];

if (usesSharedReads()) {
  test.each(PLANTS)('a stream that %s is found', async (_what, Stream) => {
    const planted: Stage = {
      name: 'a planted stream',
      isSocket: false,
      runs: 0,
      most: 0,
      use: async ({ seed: _seed, chunkSize, ...marks }, program) => {
        const clock = new ManualClock();
        const [a, b] = memoryTransports({ chunkSize });
        const options = { ...marks, clock };
        const pair: Pair = [new Stream(a, options), new Stream(b, options)];
        await program(pair, (time) => clock.advance(time));
      },
    };
    const found = await fc.check(
      fc.asyncProperty(setups, scripts(5_000), (setup, script) => playOn(planted, setup, script)),
      // A planted bug may also keep a script waiting forever: that is found, too.
      { numRuns: 500, endOnFailure: true, plugins: [fc.timeout(2_000)] },
    );
    expect(found.failed).toBe(true);
  });
}

testStages(STAGES);
