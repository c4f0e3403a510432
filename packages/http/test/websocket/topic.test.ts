import { describe, expect, test } from '@jest/globals';
import { Topic, type WebSocket } from '../../src/websocket/index.ts';
import { simulated, type World } from '../support/simulated.ts';
import { open, talking } from './sockets.ts';

/** A server all of whose sockets join. */
async function joined(world: World, topic: Topic, count: number): Promise<WebSocket[]> {
  await world.serve(
    talking(async (socket) => {
      topic.join(socket);
      for await (const message of socket) topic.publish(message);
    }),
  );
  return Promise.all(Array.from({ length: count }, () => open(world)));
}

const clockOf = (world: World) => ({ clock: world.sim.clock });

describe('a topic', () => {
  test('gives every member every message, in order, and nothing to those who have left', () =>
    simulated(async (world) => {
      const topic = new Topic(clockOf(world));
      const sockets = await joined(world, topic, 3);
      await world.sleep(10);
      expect(topic.size).toBe(3);
      const [first, second, third] = sockets as [WebSocket, WebSocket, WebSocket];
      for (const news of ['one', 'two']) {
        await first.send(news);
        for (const socket of sockets) expect(await socket.receive()).toBe(news);
      }
      await third.close();
      await world.sleep(10);
      expect(topic.size).toBe(2);
      await second.send('three');
      expect(await first.receive()).toBe('three');
      await first.close();
      await second.close();
      expect(topic.publish('to no one')).toBe(0);
    }));

  test('closes a member that is too slow, and keeps the others', () =>
    simulated(async (world) => {
      const topic = new Topic({ capacity: 4, ...clockOf(world) });
      const [fast, slow] = (await joined(world, topic, 2)) as [WebSocket, WebSocket];
      await world.sleep(10);
      const big = 'x'.repeat(200_000);
      const seen: number[] = [];
      const reading = (async () => {
        for await (const message of fast) seen.push(message.length);
      })();
      for (let n = 0; n < 60; n += 1) {
        topic.publish(big);
        await world.sleep(100);
      }
      expect(seen).toHaveLength(60);
      let taken = 0;
      for await (const _message of slow) taken += 1;
      expect(taken).toBeLessThan(30);
      expect(topic.size).toBe(1);
      expect(await slow.closed).toMatchObject({ code: 1008, reason: 'too slow', by: 'peer' });
      await fast.close();
      await reading;
    }));

  test('tells a slow member how many it has missed', () =>
    simulated(async (world) => {
      const onLag = (missed: number): string => `missed ${missed}`;
      const topic = new Topic({ capacity: 2, onLag, ...clockOf(world) });
      const [socket] = (await joined(world, topic, 1)) as [WebSocket];
      await world.sleep(10);
      for (let n = 0; n < 10; n += 1) topic.publish(String(n));
      const seen = [];
      // The first was on its way before the others were published.
      for (let n = 0; n < 4; n += 1) seen.push(await socket.receive());
      expect(seen).toEqual(['0', 'missed 7', '8', '9']);
      await socket.close();
    }));

  test('lets a member leave that stays open', () =>
    simulated(async (world) => {
      const topic = new Topic(clockOf(world));
      await world.serve(
        talking(async (socket) => {
          topic.join(socket);
          topic.join(socket);
          expect(topic.publish('in')).toBe(1);
          await socket.receive();
          topic.leave(socket);
          topic.leave(socket);
          expect(topic.publish('out')).toBe(0);
          await socket.send('still open');
          await socket.close();
        }),
      );
      const socket = await open(world);
      expect(await socket.receive()).toBe('in');
      await socket.send('leave');
      expect(await socket.receive()).toBe('still open');
      await socket.closed;
    }));
});
