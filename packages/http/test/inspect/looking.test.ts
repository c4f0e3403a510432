/** What the inspector sees of a server, its clients and its tasks, on a simulated network with virtual time. */
import { describe, expect, test } from '@jest/globals';
import { traceWaits } from '@awaitio/core';
import { events } from '../../src/batteries/index.ts';
import { HttpResponse } from '../../src/index.ts';
import { Collector } from '../../src/inspect/looking/collector.ts';
import type { AttentionModel, Inspection } from '../../src/inspect/looking/model.ts';
import { connectWebSocket, webSocket } from '../../src/websocket/index.ts';
import { simulated, type World } from '../support/simulated.ts';

/** Runs a world that is looked at. */
function looked(run: (world: World, collector: Collector) => Promise<void>): Promise<void> {
  return simulated(async (world) => {
    const loop = { start: () => {}, stop: () => {}, read: () => 0 };
    const options = { attentionAfter: 2_000, recording: 60_000, canClose: false, loop };
    const collector = new Collector({ clock: world.sim.clock, ...options });
    try {
      await run(world, collector);
    } finally {
      collector.stop();
    }
  });
}

const kindsOf = ({ attention }: Inspection): string[] => attention.map(({ kind }) => kind);
const find = (look: Inspection, kind: AttentionModel['kind']): AttentionModel | undefined =>
  look.attention.find((each) => each.kind === kind);

/** An event a time, until they are not wanted. */
async function* until(signal: AbortSignal, pause: () => Promise<void>): AsyncGenerator<string> {
  while (!signal.aborted) {
    yield 'tick';
    await pause();
  }
}

/** The servers of other tests are shown for a minute after their end. */
const running = (look: Inspection): Inspection['servers'] =>
  look.servers.filter(({ drain }) => drain === null);

describe('the inspector shows', () => {
  test('a handler that hangs, with its age and that it has no deadline', () =>
    looked(async (world, collector) => {
      let release = (): void => {};
      const hung = new Promise<void>((resolve) => (release = resolve));
      await world.serve(async () => {
        await hung;
        return HttpResponse.text('at last');
      });
      const wire = await world.connect();
      await wire.send('GET /report?secret HTTP/1.1\r\nHost: a\r\n\r\n');
      await world.sleep(1_000);
      expect(kindsOf(collector.look())).not.toContain('slow-handler');
      await world.sleep(11_000);
      const look = collector.look();
      expect(look.requests).toMatchObject([
        { method: 'GET', path: '/report', phase: 'handler', deadline: null, status: 0 },
      ]);
      const line = find(look, 'slow-handler');
      expect(line?.text).toMatch(/^GET \/report of client:\d+ waits for its handler$/);
      expect(look.now - (line?.since ?? 0)).toBeGreaterThanOrEqual(11_900);
      expect(look.now - (line?.since ?? 0)).toBeLessThanOrEqual(12_100);
      release();
      await wire.response();
      expect(collector.look().requests).toEqual([]);
    }));

  test('a client that drips its body: how much came, and when its deadline is', () =>
    looked(async (world, collector) => {
      await world.serve(async (request) => HttpResponse.text(await request.body.text()));
      const wire = await world.connect();
      await wire.send('POST /upload HTTP/1.1\r\nHost: a\r\nContent-Length: 100\r\n\r\nabc');
      await world.sleep(3_000);
      const look = collector.look();
      const line = find(look, 'slow-client');
      expect(line?.text).toMatch(
        /^POST \/upload of client:\d+ waits for bytes of its body; 3 of 100 bytes came$/,
      );
      expect(line?.deadline).toBeGreaterThan(look.now);
      expect(look.sockets.find(({ request }) => request === line?.about)).toMatchObject({
        owner: 'server',
        phase: 'body',
        deadline: line?.deadline,
        waits: [{ operation: 'readWith' }],
      });
      await wire.send('x'.repeat(97));
      await wire.response();
    }));

  test('a client that drips its head', () =>
    looked(async (world, collector) => {
      await world.serve(() => HttpResponse.empty());
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.1\r\nHost');
      await world.sleep(3_000);
      const line = find(collector.look(), 'slow-client');
      expect(line?.text).toMatch(/^A request of client:\d+ waits for the rest of its head$/);
      await wire.send(': a\r\n\r\n');
      await wire.response();
    }));

  test('what was refused, by which rule, and where the rule is written', () =>
    looked(async (world, collector) => {
      await world.serve(() => HttpResponse.empty());
      for (let count = 0; count < 3; count += 1) {
        const wire = await world.connect();
        await wire.send('GET / HTTP/1.1\r\n\r\n');
        expect((await wire.response()).status).toBe(400);
      }
      const look = collector.look();
      expect(look.refusals).toMatchObject([
        { cause: 'ERR_HTTP_HOST', section: 'RFC 9112 section 3.2', status: 400, count: 3 },
      ]);
      expect(find(look, 'refused')?.text).toMatch(
        /^3 refused with 400: .* \(RFC 9112 section 3\.2\); ERR_HTTP_HOST, last from client:\d+$/,
      );
      await world.sleep(61_000);
      expect(kindsOf(collector.look())).not.toContain('refused');
    }));

  test('a socket of the program that nothing waits for; not one that is read', () =>
    looked(async (world, collector) => {
      const { sim } = world;
      const listener = await sim.host('server').listen(9);
      const stream = await sim.host('client').connect('server:9');
      const peer = await listener.accept();
      const reading = peer.readChunk();
      await world.sleep(1_000);
      collector.look();
      await world.sleep(5_000);
      const look = collector.look();
      const lines = look.attention.filter(({ kind }) => kind === 'idle-socket');
      expect(lines).toHaveLength(1);
      expect(lines[0]?.text).toMatch(
        /is open, and nothing waits for it, opened at .*simulated\.ts/,
      );
      await stream.close();
      await reading;
      await peer.close();
      expect(kindsOf(collector.look())).not.toContain('idle-socket');
      await listener.close();
    }));

  test('a pool that has run dry: who holds its connections, and how many wait', () =>
    looked(async (world, collector) => {
      let release = (): void => {};
      const hung = new Promise<void>((resolve) => (release = resolve));
      await world.serve(async () => {
        await hung;
        return HttpResponse.text('x');
      });
      const client = world.client({ maxConnectionsPerOrigin: 2 });
      const asked = Array.from({ length: 5 }, () => client.get('http://server/'));
      await world.sleep(1_000);
      const look = collector.look();
      expect(look.pools.filter(({ waiting }) => waiting > 0)).toMatchObject([
        { origin: 'http://server', limit: 2, open: 2, unanswered: 2, unread: 0, waiting: 3 },
      ]);
      expect(find(look, 'dry-pool')?.text).toBe(
        '3 requests wait for a connection to http://server: all 2 connections are in use (2 wait for an answer, 0 for a body to be read)',
      );
      expect(look.sockets.filter(({ owner }) => owner === 'client')).toHaveLength(2);
      release();
      for (const each of asked) await (await each).text();
      expect(kindsOf(collector.look())).not.toContain('dry-pool');
    }));

  test('a shutdown: its countdown, and its report', () =>
    looked(async (world, collector) => {
      let release = (): void => {};
      const hung = new Promise<void>((resolve) => (release = resolve));
      const server = await world.serve(async () => {
        await hung;
        return HttpResponse.text('x');
      });
      const wire = await world.connect();
      await wire.send('GET / HTTP/1.1\r\nHost: a\r\n\r\n');
      await world.sleep(10);
      const { id } = running(collector.look())[0] ?? { id: 0 };
      const ended = server.shutdown({ grace: 30_000 });
      await world.sleep(5_000);
      const look = collector.look();
      const line = find(look, 'draining');
      expect(line?.deadline).toBe((line?.since ?? 0) + 30_000);
      expect(look.servers.find((each) => each.id === id)?.drain?.report).toBeNull();
      release();
      await wire.response();
      await ended;
      const drain = collector.look().servers.find((each) => each.id === id)?.drain;
      expect(drain?.report).toMatchObject({ completed: 1, aborted: 0 });
    }));

  test('a response that goes on for ever, and not as something slow', () =>
    looked(async (world, collector) => {
      await world.serve((request, context) =>
        events((_id, { signal }) => until(signal, () => world.sleep(1_000)), { request, context }),
      );
      const wire = await world.connect();
      await wire.send('GET /events HTTP/1.1\r\nHost: a\r\n\r\n');
      await world.sleep(30_000);
      const look = collector.look();
      expect(look.requests).toMatchObject([{ path: '/events', status: 200 }]);
      expect(kindsOf(look).filter((kind) => kind.startsWith('slow'))).toEqual([]);
      wire.stream.reset();
      await world.sleep(2_000);
    }));

  test('a WebSocket, on both sides', () =>
    looked(async (world, collector) => {
      await world.serve(async (request, context) => {
        const socket = await webSocket(request, context);
        for await (const message of socket) await socket.send(message);
        return undefined;
      });
      const socket = await connectWebSocket('ws://server/', {
        client: world.client(),
        random: world.sim.random,
        clock: world.sim.clock,
      });
      await socket.send('x');
      await socket.receive();
      await world.sleep(5_000);
      const look = collector.look();
      const rows = look.sockets.filter(({ owner }) => owner === 'websocket');
      expect(rows.map(({ of, phase }) => `${of} ${phase}`).toSorted()).toEqual([
        'client open',
        'server open',
      ]);
      expect(look.attention).toEqual([]);
      await socket.close();
      await world.sleep(1_000);
      const left = collector.look().sockets.filter(({ owner }) => owner === 'websocket');
      expect(left).toEqual([]);
    }));

  test('with traced waits, which line of a handler waits on which stream', async () => {
    traceWaits(true);
    try {
      await looked(async (world, collector) => {
        const listener = await world.sim.host('database').listen(5432);
        const accepted = listener.accept();
        await world.serve(async () => {
          await using database = await world.sim.host('server').connect('database:5432');
          await database.readChunk();
          return HttpResponse.empty();
        });
        const wire = await world.connect();
        await wire.send('GET /query HTTP/1.1\r\nHost: a\r\n\r\n');
        const peer = await accepted;
        await world.sleep(3_000);
        const look = collector.look();
        const [request] = look.requests;
        const [wait] = request?.waits ?? [];
        expect(wait).toMatchObject({ operation: 'readChunk' });
        expect(wait?.site).toMatch(/looking\.test\.ts/);
        const socket = look.sockets.find(({ id }) => id === wait?.socket);
        expect(socket?.peer).toContain('database:5432');
        const task = look.tasks.find(({ id }) => id === request?.task);
        expect(task).toMatchObject({ request: request?.id, socket: request?.socket });
        expect(find(look, 'slow-handler')?.text).toContain('which waits for readChunk');
        await peer.writeAll('x');
        await wire.response();
        await peer.close();
        await listener.close();
      });
    } finally {
      traceWaits(false);
    }
  });
});

describe('requests', () => {
  test('are counted by route while someone looks, and only then', () =>
    looked(async (world, collector) => {
      await world.serve((request) =>
        request.path === '/fails' ? HttpResponse.text('x', { status: 503 }) : HttpResponse.empty(),
      );
      const client = world.client();
      const get = async (path: string): Promise<void> => {
        (await client.get(`http://server${path}`)).discard();
      };
      await get('/users/1');
      expect(collector.look().routes).toEqual([]);
      const end = collector.begin();
      await get('/users/2?secret');
      await get('/users/3');
      await get('/fails');
      expect(collector.look().routes).toMatchObject([
        { method: 'GET', route: '/users/:id', count: 2, failed: 0 },
        { method: 'GET', route: '/fails', count: 1, failed: 1 },
      ]);
      expect(collector.look().failures).toMatchObject([{ path: '/fails', status: 503 }]);
      expect(collector.record().events.filter(({ type }) => type === 'request')).toMatchObject([
        { path: '/users/2', status: 204 },
        { path: '/users/3', status: 204 },
        { path: '/fails', status: 503 },
      ]);
      end();
      await get('/users/4');
      expect(collector.look().routes[0]?.count).toBe(2);
    }));
});
