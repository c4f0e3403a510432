import { describe, expect, test } from '@jest/globals';
import type { ByteStream } from '@awaitio/core';
import { deferred } from '@awaitio/core/lowlevel';
import type { Handler, HandlerContext, UpgradeOptions } from '../../src/index.ts';
import { reportOf } from '../support/report-of.ts';
import { simulated, type World } from '../support/simulated.ts';
import type { Wire } from '../support/wire.ts';

const ASK = 'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n\r\n';

/** Upgrades, and hands the stream to the test's function. */
function upgrading(
  talk: (context: HandlerContext, stream: ByteStream) => unknown,
  options?: (stream: Promise<ByteStream>) => UpgradeOptions,
): Handler {
  return async (_request, context) => {
    const given = deferred<ByteStream>();
    const { stream } = await context.upgrade(options?.(given.promise));
    given.resolve(stream);
    await talk(context, stream);
  };
}

async function upgraded(world: World): Promise<Wire> {
  const wire = await world.connect();
  await wire.send(ASK);
  expect(await wire.head()).toMatch(/^HTTP\/1\.1 101 /);
  return wire;
}

/** Says goodbye, and closes. */
const goodbye = (given: Promise<ByteStream>): UpgradeOptions => ({
  onDrain: async () => {
    const stream = await given;
    await stream.writeAll('goodbye\n');
    await stream.close();
  },
});

describe('the drain of an upgraded connection', () => {
  test('calls onDrain once, and waits for the goodbye', () =>
    simulated(async (world) => {
      const server = await world.serve(
        upgrading(async (context, stream) => {
          expect(context.isUpgraded).toBe(true);
          while ((await stream.readLine()) !== null);
        }, goodbye),
      );
      const wire = await upgraded(world);
      const since = world.now;
      const report = server.shutdown({ grace: 10_000 });
      expect(await wire.rest()).toBe('goodbye\n');
      await wire.close();
      expect(await report).toEqual(reportOf({ upgraded: 1 }));
      expect(world.now - since).toBeLessThan(1_000);
      expect(world.errors).toEqual([]);
    }));

  test('begins after the lame-duck time, with the end of accepting', () =>
    simulated(async (world) => {
      const called: number[] = [];
      const server = await world.serve(
        upgrading(
          async (_context, stream) => {
            await stream.readLine();
            await stream.close();
          },
          () => ({ onDrain: () => called.push(world.now) }),
        ),
      );
      const wire = await upgraded(world);
      const since = world.now;
      const report = server.shutdown({ lameDuck: 2_000 });
      await world.sleep(2_100);
      expect(called.map((time) => time - since)).toEqual([2_000]);
      await wire.send('bye\n');
      await wire.rest();
      await wire.close();
      expect((await report).upgraded).toBe(1);
    }));

  test('calls onDrain of a connection that is upgraded meanwhile, when its handler has the stream', () =>
    simulated(async (world) => {
      const upgrade = upgrading((_context, stream) => stream.readLine(), goodbye);
      const server = await world.serve(async (request, context) => {
        await world.sleep(100);
        await upgrade(request, context);
      });
      const wire = await world.connect();
      await wire.send(ASK);
      await world.sleep(50);
      const report = server.shutdown();
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 101 [^]*goodbye\n$/);
      await wire.close();
      expect(await report).toMatchObject({ upgraded: 1, webSockets: 0, aborted: [] });
      expect(world.errors).toEqual([]);
    }));

  test('does not call onDrain of a connection that has closed', () =>
    simulated(async (world) => {
      let calls = 0;
      const server = await world.serve(
        upgrading(
          (_context, stream) => stream.close(),
          () => ({ onDrain: () => (calls += 1) }),
        ),
      );
      const wire = await upgraded(world);
      expect(await wire.rest()).toBe('');
      await wire.close();
      await server.shutdown();
      expect(calls).toBe(0);
    }));

  test.each([
    ['throws', () => Promise.reject(new RangeError('no goodbye'))],
    [
      'rejects',
      () => {
        throw new RangeError('no goodbye');
      },
    ],
  ])(
    'reports an onDrain that %s, and cuts the connection at the end of the grace',
    (_how, onDrain) =>
      simulated(async (world) => {
        const server = await world.serve(
          upgrading(
            (_context, stream) => stream.readLine().catch(() => null),
            () => ({ onDrain }),
          ),
        );
        const wire = await upgraded(world);
        const report = await server.shutdown({ grace: 1_000 });
        expect(report.aborted).toHaveLength(1);
        expect(world.errors).toEqual([new RangeError('no goodbye')]);
        await wire.close();
      }),
  );
});

describe('an upgraded connection', () => {
  test('that its client resets is no error of the server', () =>
    simulated(async (world) => {
      const server = await world.serve(
        upgrading(async (_context, stream) => {
          for (;;) await stream.readLine();
        }, goodbye),
      );
      const wire = await upgraded(world);
      wire.stream.reset();
      await world.sleep(100);
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([]);
    }));

  test('has nothing sent by the server when the codec sends the response itself', () =>
    simulated(async (world) => {
      await world.serve(
        upgrading(
          async (_context, stream) => {
            await stream.writeAll('HTTP/1.1 101 Mine\r\nUpgrade: two\r\n\r\n');
            await stream.writeAll((await stream.readLine()) ?? '');
            await stream.close();
          },
          () => ({ sendResponse: false }),
        ),
      );
      const wire = await world.connect();
      await wire.send(`${ASK.replace('chat', 'one, two')}first bytes\n`);
      expect(await wire.rest()).toBe('HTTP/1.1 101 Mine\r\nUpgrade: two\r\n\r\nfirst bytes');
    }));

  test('refuses header fields where options are expected, and says which option takes them', () =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        await context.upgrade({ Upgrade: 'chat' } as never);
      });
      const wire = await world.connect();
      await wire.send(ASK);
      expect((await wire.response()).status).toBe(500);
      expect(world.errors).toEqual([
        expect.objectContaining({
          name: 'InvalidInputError',
          message: expect.stringContaining('headers'),
        }),
      ]);
    }));

  test('answers for a fetch application, whatever that returns', () =>
    simulated(async (world) => {
      await world.serve({
        fetch: async (_request, { context }) => {
          const { stream } = await context.upgrade();
          await stream.writeAll('raw\n');
          await stream.close();
          // Its type wants a response; applications return none after an upgrade.
          return undefined as never;
        },
      });
      const wire = await upgraded(world);
      expect(await wire.rest()).toBe('raw\n');
      expect(world.errors).toEqual([]);
    }));
});
