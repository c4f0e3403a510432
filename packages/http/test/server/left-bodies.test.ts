/** Readers of a request's body that leave before its end. */
import { describe, expect, test } from '@jest/globals';
import { echo, HttpResponse } from '../../src/index.ts';
import { simulated } from '../support/simulated.ts';

describe('a reader of a request that leaves', () => {
  test('is over at once, also while a piece is awaited, which ends as well', () =>
    simulated(async (world) => {
      const order: string[] = [];
      await world.serve(async (request) => {
        const pieces = request.body[Symbol.asyncIterator]();
        const first = await pieces.next();
        order.push(`first ${String(first.value?.length)}`);
        const second = pieces.next();
        await pieces.return?.();
        order.push('returned', `pending ${String((await second).done)}`);
        return HttpResponse.text('enough');
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf');
      const answer = await wire.response();
      expect([answer.body, answer.get('connection')]).toEqual(['enough', 'close']);
      expect(world.now).toBeLessThan(100);
      expect(order).toEqual(['first 4', 'returned', 'pending true']);
      expect(await wire.rest()).toBe('');
      expect(world.errors).toEqual([]);
    }));

  test('cancels the body of a fetch Request, too', () =>
    simulated(async (world) => {
      await world.serve({
        fetch: async (request) => {
          const reader = (request.body as ReadableStream<Uint8Array>).getReader();
          await reader.read();
          const second = reader.read();
          await reader.cancel();
          return new Response(String((await second).done));
        },
      });
      const wire = await world.connect();
      await wire.send('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 9\r\n\r\nhalf');
      expect((await wire.response()).body).toBe('true');
      expect(world.now).toBeLessThan(100);
    }));

  test('lets a body be echoed to a client that leaves in its middle', () =>
    simulated(async (world) => {
      const server = await world.serve(echo());
      const wire = await world.connect();
      await wire.send(
        'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n4\r\nhalf\r\n',
      );
      await wire.head();
      wire.stream.reset();
      await world.sleep(100);
      expect(server.statistics().connections.open).toBe(0);
      expect(world.errors).toEqual([]);
    }));
});
