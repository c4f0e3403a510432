/** Upgrades whose request has a body: it comes before the 101, and within the time of any other body. */
import { describe, expect, test } from '@jest/globals';
import type { Handler } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

const asking = (fields: string): string =>
  `POST / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: chat\r\n${fields}\r\n`;

const chat: Handler = async (_request, context) => {
  const { stream } = await context.upgrade();
  await stream.writeAll((await stream.readLine()) ?? 'nothing');
  await stream.close();
};

describe('an upgrade whose request has a body', () => {
  test('comes when the body is complete', () =>
    simulated(async (world) => {
      await world.serve(chat);
      const wire = await world.connect();
      await wire.send(`${asking('Content-Length: 4\r\n')}bo`);
      await world.sleep(100);
      await wire.send('dyhello\n');
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nhello$/);
      expect(world.errors).toEqual([]);
    }));

  test('does not wait longer for it than another handler does: the client gets 408', () =>
    simulated(async (world) => {
      const server = await world.serve(chat, { deadlines: { bodyGrace: 1_000 } });
      const wire = await world.connect();
      await wire.send(`${asking('Content-Length: 4\r\n')}bo`);
      expect((await wire.response()).status).toBe(408);
      await wire.rest();
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([]);
    }));

  test('lets a client that waits for 100 Continue send it', () =>
    simulated(async (world) => {
      await world.serve(chat);
      const wire = await world.connect();
      await wire.send(asking('Content-Length: 4\r\nExpect: 100-continue\r\n'));
      expect(await wire.head()).toMatch(/^HTTP\/1\.1 100 /);
      await wire.send('bodyhello\n');
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 101 [^]*\r\n\r\nhello$/);
      expect(world.errors).toEqual([]);
    }));
});
