/** A connection that goes on with another protocol. */

import { describe, expect, test } from '@jest/globals';
import { echo } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';
import { get, paths } from './requests.ts';

describe('a switch of protocols', () => {
  const UPGRADE = 'Connection: Upgrade\r\nUpgrade: chat\r\n';

  test('gives the handler the stream, with the first bytes of the new protocol in it', () =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        const { stream } = await context.upgrade({
          headers: { Connection: 'Upgrade', Upgrade: 'chat' },
        });
        for (;;) {
          const line = await stream.readLine();
          if (line === null) break;
          await stream.writeAll(`you said ${line}\n`);
        }
        await stream.close();
      });
      const wire = await world.connect();
      await wire.send(`${get('/', UPGRADE)}hello\n`);
      expect(await wire.head()).toMatch(
        /^HTTP\/1\.1 101 Switching Protocols\r\n[^]*Connection: upgrade\r\nUpgrade: chat\r\n\r\n$/i,
      );
      expect(await wire.stream.readLine()).toBe('you said hello');
      await wire.send('bye\n');
      expect(await wire.stream.readLine()).toBe('you said bye');
      // No deadline of HTTP runs any more.
      await world.sleep(60_000);
      await wire.send('still there\n');
      expect(await wire.stream.readLine()).toBe('you said still there');
      await wire.finish();
      expect(await wire.rest()).toBe('');
    }));

  test('makes a tunnel of CONNECT', () =>
    simulated(async (world) => {
      await world.serve(async (request, context) => {
        const { stream } = await context.upgrade();
        await stream.writeAll(`tunnel to ${request.target}`);
        await stream.close();
      });
      const wire = await world.connect();
      await wire.send('CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n');
      expect(await wire.head()).toMatch(/^HTTP\/1\.1 200 OK\r\n(?![^]*Content-Length)/);
      expect(await wire.rest()).toBe('tunnel to other.example:443');
    }));

  test('that is asked for and not made leaves the connection to HTTP', () =>
    simulated(async (world) => {
      await world.serve(paths);
      const wire = await world.connect();
      await wire.send(get('/one', UPGRADE) + get('/two', UPGRADE) + get('/three'));
      for (const path of ['/one', '/two', '/three']) {
        expect((await wire.response()).body).toBe(path);
      }
    }));

  test('is not made by a 2xx to CONNECT from a handler that knows of no tunnel', () =>
    simulated(async (world) => {
      await world.serve(echo());
      const wire = await world.connect();
      await wire.send('CONNECT other.example:443 HTTP/1.1\r\nHost: other.example:443\r\n\r\n');
      expect(await wire.rest()).toMatch(/^HTTP\/1\.1 501 [^]*Connection: close\r\n/);
      expect(world.errors).toEqual([]);
    }));

  test('cannot be made when it was not asked for', () =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        await context.upgrade();
      });
      const wire = await world.connect();
      await wire.send(get());
      expect((await wire.response()).status).toBe(400);
      expect(world.errors).toEqual([]);
    }));

  test('whose handler fails is reported to the program, and ends the connection', () =>
    simulated(async (world) => {
      await world.serve(async (_request, context) => {
        await context.upgrade({ headers: { Connection: 'Upgrade', Upgrade: 'chat' } });
        throw new RangeError('chat is broken');
      });
      const wire = await world.connect();
      await wire.send(get('/', UPGRADE));
      await wire.head();
      await wire.rest().catch(() => '');
      expect(world.errors).toEqual([new RangeError('chat is broken')]);
    }));
});
