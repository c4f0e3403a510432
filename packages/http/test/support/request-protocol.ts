/**
 * The program that is run with thousands of seeds: clients that use every feature of HTTP/1.1 with one server, on a
 * network that breaks whatever can break, with a server that may crash and come back.
 *
 * What is checked is what a caller may rely on, whatever happens:
 *
 * - a request ends with one whole answer, and the right one, or with a typed error;
 * - what a handler reads of a body is what was sent, from its beginning;
 * - a request that is not idempotent is handled once at most;
 * - pipelined requests are answered in order;
 * - after the drain no connection is open; and, as in every simulation, nothing waits and no timer is left.
 *
 * Only types are imported, so that scripts can run this file against the built package.
 */

import type { ByteStream, Random } from '@awaitio/core';
import type { SimFaults, Simulation } from '@awaitio/core/testing';
import type * as Http from '../../src/index.ts';

/** Everything that can go wrong, often. */
export const FAULTS: SimFaults = {
  refuse: 0.02,
  reset: 0.01,
  halfOpen: 0.005,
  partition: 0.02,
  crash: 0.005,
};

/** A network that loses nothing: it only cuts, joins, delays and throttles, more than usual. */
export const LOSSLESS: SimFaults = { split: 0.3, partialWrite: 0.5, window: 0.5, slowReader: 0.2 };

/** The virtual deadline of one run, in milliseconds. */
export const DEADLINE = 10_000_000;

const TIMEOUT = 3_000;
const KINDS = ['text', 'pieces', 'collect', 'upload', 'echo', 'unread', 'expect', 'head'] as const;
type Kind = (typeof KINDS)[number];
const WITH_BODY: ReadonlySet<string> = new Set(['collect', 'upload', 'echo', 'unread', 'expect']);

/** The bytes that belong to a request or its answer: every one tells its neighbours and other requests apart. */
export function bytesOf(id: number, length: number): Uint8Array {
  const bytes = new Uint8Array(length);
  for (let at = 0; at < length; at += 1) bytes[at] = (id * 31 + at * 7) & 0xff;
  return bytes;
}

/** Mostly small; some that take several segments; a few that are written in large pieces. */
function drawSize(random: Random): number {
  if (random.chance(0.02)) return 80_000;
  return random.chance(0.1) ? 3_000 : 60;
}

export function isSame(a: Uint8Array, b: Uint8Array): boolean {
  return a.length === b.length && a.every((byte, at) => byte === b[at]);
}

/**
 * What the network does, and what it makes the other side do, comes with a code; anything else is a bug. So is a message
 * that is malformed: the network cuts what is sent, and never changes it.
 */
export function expectTyped(error: unknown): void {
  const { code, name } = error as { code?: unknown; name?: unknown };
  const isTruncated = code === 'ERR_HTTP_TRUNCATED';
  const isProtocols = name === 'LocalProtocolError' || name === 'RemoteProtocolError';
  if (typeof code !== 'string' || (isProtocols && !isTruncated)) throw error;
}

/** What a server on a host of a run has to know. */
export interface ServedRun {
  readonly sim: Simulation;
  /** Settles when the clients have finished. */
  readonly over: Promise<void>;
  readonly isLossless: boolean;
  readonly violations: string[];
}

/** Serves on a host until the run is over, and checks how the server ends; where the host crashes, it just stops. */
export async function serveUntil(
  begin: (options: Http.ServeOptions) => Promise<Http.HttpServer>,
  { sim: { clock, executor }, over, isLossless, violations }: ServedRun,
): Promise<void> {
  const timeout = isLossless ? Infinity : TIMEOUT;
  const running = await begin({
    clock,
    executor,
    onError: (error) => {
      try {
        expectTyped(error);
      } catch {
        violations.push(`the server reported ${String(error)}`);
      }
    },
    deadlines: {
      firstByte: timeout,
      headers: timeout,
      bodyGrace: isLossless ? Infinity : 5_000,
      writeStall: timeout,
      idle: isLossless ? 60_000 : 1_000,
    },
  });
  await over;
  await running.shutdown({ grace: TIMEOUT, idleWindow: 100 });
  const { open } = running.statistics().connections;
  if (open > 0) violations.push(`${open} connections are open after the drain`);
}

/** Makes the program of one run with the given package: its sources or its build. */
export function requestProtocol(
  { serve, HttpClient, HttpResponse }: typeof Http,
  options: { readonly isLossless?: boolean } = {},
) {
  // Where nothing is lost, slowness is no failure, and every request has its answer.
  const { isLossless = false } = options;
  const timeout = isLossless ? Infinity : TIMEOUT;
  return async (sim: Simulation): Promise<void> => {
    const { random, clock } = sim;
    const handled = new Map<number, number>();
    const violations: string[] = [];
    let isOver: (() => void) | undefined;
    const over = new Promise<void>((resolve) => {
      isOver = resolve;
    });

    async function handle(request: Http.HttpRequest): Promise<Http.HttpResponse> {
      const kind = request.path.slice(1) as Kind;
      const id = Number(request.headers.get('x-id'));
      const length = Number(request.headers.get('x-length'));
      handled.set(id, (handled.get(id) ?? 0) + 1);
      if (random.chance(0.3)) await clock.sleep(random.integer(0, 100));
      switch (kind) {
        case 'text':
        case 'head':
          return HttpResponse.bytes(bytesOf(id, length));
        case 'pieces':
          return HttpResponse.stream(pieces(id, length));
        case 'echo':
          return HttpResponse.stream(request.body);
        case 'unread':
          return HttpResponse.bytes(bytesOf(id, 3));
        case 'collect':
        case 'upload':
        case 'expect': {
          const body = await request.bytes();
          if (!isSame(body, bytesOf(id, length))) violations.push(`request ${id}: another body`);
          return HttpResponse.bytes(bytesOf(id, 3));
        }
      }
    }

    /** A body in pieces, some of them delayed. */
    async function* pieces(id: number, length: number): AsyncGenerator<Uint8Array> {
      const whole = bytesOf(id, length);
      for (let at = 0; at < length;) {
        const size = random.integer(1, Math.max(1, length >> 1));
        if (random.chance(0.3)) await clock.sleep(random.integer(0, 50));
        yield whole.slice(at, at + size);
        at += size;
      }
    }

    const server = sim.host('server');
    server.run(async () => {
      const listener = await server.listen(80);
      const run = { sim, over, isLossless, violations };
      await serveUntil((given) => serve(handle, { ...given, listener }), run);
    });

    const { connect } = sim.host('client');
    const client = new HttpClient({
      connect,
      clock,
      maxConnectionsPerOrigin: 2,
      deadlines: { connect: timeout, pool: timeout, headers: timeout, body: timeout },
    });
    let nextId = 1;

    async function ask(kind: Kind): Promise<void> {
      const id = nextId;
      nextId += 1;
      const length = random.integer(0, drawSize(random));
      const hasBody = WITH_BODY.has(kind);
      const isStreamed = kind === 'upload' || (kind === 'echo' && random.chance(0.5));
      const controller = random.chance(0.1) ? new AbortController() : undefined;
      const timer =
        controller === undefined
          ? undefined
          : clock.setTimer(() => controller.abort(givenUp), random.integer(0, 300));
      try {
        const response = await client.request(methodOf(kind), `http://server/${kind}`, {
          headers: { 'X-Id': id, 'X-Length': length },
          body: hasBody ? (isStreamed ? pieces(id, length) : bytesOf(id, length)) : undefined,
          expectContinue: kind === 'expect',
          signal: controller?.signal,
        });
        const { status } = response;
        const body = await response.bytes();
        const expected =
          kind === 'collect' || kind === 'upload' || kind === 'expect' || kind === 'unread'
            ? 3
            : length;
        if (status === 200 && !isSame(body, bytesOf(id, kind === 'head' ? 0 : expected))) {
          violations.push(`${kind} ${id}: another answer`);
        }
        // A body that the network brings too slowly is the one thing that this server refuses.
        if (status !== 200 && (status !== 408 || isLossless)) {
          violations.push(`${kind} ${id}: status ${status}`);
        }
        sim.log(`${kind} ${status}`);
      } catch (error) {
        if (error !== givenUp) {
          if (isLossless) throw error;
          expectTyped(error);
        }
        sim.log(`${kind} failed`);
      } finally {
        timer?.cancel();
      }
      const isIdempotent = !hasBody;
      const times = handled.get(id) ?? 0;
      if (times > 1 && !isIdempotent) violations.push(`${kind} ${id} was handled ${times} times`);
    }

    /** Pipelines, as no client of ours does: each answer must be the next one's. */
    async function pipeline(): Promise<void> {
      const ids = Array.from({ length: random.integer(2, 5) }, () => nextId++);
      let stream: ByteStream | undefined;
      try {
        stream = await connect('server:80', { timeout });
        const head = (id: number): string =>
          `GET /text HTTP/1.1\r\nHost: server\r\nX-Id: ${id}\r\nX-Length: 20\r\n\r\n`;
        await stream.writeAll(ids.map(head).join(''), { timeout });
        for (const id of ids) {
          const bytes = await stream.readUntil('\r\n\r\n', { timeout });
          if (bytes === null) break;
          const status = Buffer.from(bytes).toString('latin1', 9, 12);
          // What comes too slowly is refused, and nothing follows.
          if (status === '408') break;
          if (status !== '200') violations.push(`pipelined ${id}: status ${status}`);
          const body = await stream.readExactly(20, { timeout });
          if (!isSame(body, bytesOf(id, 20))) violations.push(`pipelined ${id}: out of order`);
          sim.log('pipelined');
        }
        await stream.close();
      } catch (error) {
        if (isLossless) throw error;
        expectTyped(error);
        stream?.reset();
        sim.log('pipeline failed');
      }
      for (const id of ids) {
        if ((handled.get(id) ?? 0) > 1) violations.push(`pipelined ${id} was handled twice`);
      }
    }

    const loops = Array.from({ length: random.integer(1, 4) }, async () => {
      for (let round = random.integer(1, 4); round > 0; round -= 1) {
        if (random.chance(0.1)) await pipeline();
        else await ask(KINDS[random.integer(0, KINDS.length - 1)] ?? 'text');
        if (random.chance(0.2)) await clock.sleep(random.integer(0, 1_500));
      }
    });
    await Promise.all(loops);
    await client.close();
    isOver?.();
    if (violations.length > 0) throw new Error(violations.join('; '));
  };
}

const givenUp = new Error('the caller gave the request up');

function methodOf(kind: Kind): string {
  if (kind === 'head') return 'HEAD';
  return WITH_BODY.has(kind) ? 'POST' : 'GET';
}
