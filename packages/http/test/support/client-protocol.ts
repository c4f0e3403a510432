/**
 * The client alone, with thousands of seeds: what `request-protocol.ts` does not ask, because its server behaves. Here the servers do
 * whatever a server may do wrong, on a network that breaks whatever can break.
 *
 * What is checked, whatever happens:
 *
 * - a call ends within its deadline, with one whole answer, or with a typed error that says which request it is of;
 * - a request that must not be sent twice arrives once at most; one whose error says that it may be sent again, and is not idempotent,
 *   has not arrived;
 * - no pool is ever above its limits, and in the end all are empty, without `close`;
 * - each source of a body is released.
 *
 * Only types are imported, so that scripts can run this file against the built package.
 */

import type { ByteStream } from '@awaitio/core';
import type { Simulation } from '@awaitio/core/testing';
import type * as Http from '../../src/index.ts';
import type { bytesOf as makeBytes, isSame as compare } from './request-protocol.ts';

/** What the program works with: its package, from the sources or the build, and parts of the other program. */
export interface ClientParts {
  readonly http: Pick<typeof Http, 'HttpClient' | 'failedRequestOf'>;
  readonly requests: { readonly bytesOf: typeof makeBytes; readonly isSame: typeof compare };
  readonly gzipSync: (bytes: Uint8Array) => Uint8Array;
}

/** What a server may do with a request. */
export const DEEDS = [
  ...['whole', 'whole', 'whole', 'whole', 'chunked', 'chunked', 'toTheEnd', 'gzip', 'pieces'],
  ...['redirect', 'redirect', 'busy', 'closing', 'hasty', 'hinting', 'infos', 'flood', 'silent'],
  ...['gone', 'reset', 'cut', 'cutChunk', 'garbage', 'extra', 'early', 'badLength', 'badCoding'],
] as const;
type Deed = (typeof DEEDS)[number];

const METHODS = ['GET', 'GET', 'HEAD', 'PUT', 'DELETE', 'POST', 'POST', 'PATCH'] as const;
const ORIGINS = ['one', 'two', 'three'] as const;
const PER_ORIGIN = 2;
const OVER_ALL = 4;
/** How late a call may end, in virtual milliseconds: none. */
const LATE = 0;

interface Arrival {
  readonly method: string;
  readonly isKeyed: boolean;
  times: number;
}

/** Makes the program of one run. */
export function clientProtocol({ http, requests, gzipSync }: ClientParts) {
  const { bytesOf, isSame } = requests;
  return async (sim: Simulation): Promise<void> => {
    const { random, clock } = sim;
    const violations: string[] = [];
    /** By id and path: what arrived, and how often. */
    const arrivals = new Map<string, Arrival>();
    let isOver = false;
    let openSources = 0;

    const pick = <T>(list: readonly T[]): T => list[random.integer(0, list.length - 1)] as T;

    // The servers.

    async function converse(stream: ByteStream): Promise<void> {
      const timeout = 4_000;
      for (;;) {
        const bytes = await stream.readUntil('\r\n\r\n', { timeout, limit: 16_384 });
        if (bytes === null) return;
        const head = Buffer.from(bytes).toString('latin1');
        const [, method = '', path = ''] = /^([A-Z]+) (\S+) HTTP\/1\.1\r\n/.exec(head) ?? [];
        const id = Number(/^x-id: (\d+)\r$/im.exec(head)?.[1]);
        if (method === '' || Number.isNaN(id)) {
          violations.push(`a server got ${JSON.stringify(head.slice(0, 80))}`);
          return;
        }
        const key = `${id} ${path}`;
        const isKeyed = /^idempotency-key:/im.test(head);
        const arrival = arrivals.get(key) ?? { method, isKeyed, times: 0 };
        arrival.times += 1;
        arrivals.set(key, arrival);
        const deed = pick(DEEDS);
        sim.log(deed);
        if (deed !== 'early') await readBody(stream, head, id, timeout);
        if (random.chance(0.2)) await clock.sleep(random.integer(0, 300));
        if (!(await act(stream, deed, id, method, path))) return;
      }
    }

    /** Reads a body to its end, and checks it. */
    async function readBody(
      stream: ByteStream,
      head: string,
      id: number,
      timeout: number,
    ): Promise<void> {
      const length = /^content-length: (\d+)\r$/im.exec(head)?.[1];
      let body: Uint8Array = new Uint8Array(0);
      if (length !== undefined) body = await stream.readExactly(Number(length), { timeout });
      else if (/^transfer-encoding: chunked\r$/im.test(head)) {
        const pieces: Uint8Array[] = [];
        for (;;) {
          const line = await stream.readUntil('\r\n', { timeout });
          const size = Number.parseInt(Buffer.from(line ?? []).toString('latin1'), 16);
          const piece = await stream.readExactly(size + 2, { timeout });
          if (size === 0) break;
          pieces.push(piece.subarray(0, size));
        }
        body = Buffer.concat(pieces);
      }
      if (!isSame(body, bytesOf(id, body.length))) violations.push(`${id}: another body arrived`);
    }

    const head = (status: string, fields: string): string => `HTTP/1.1 ${status}\r\n${fields}\r\n`;

    /** Does it. @returns whether the connection goes on */
    async function act(
      stream: ByteStream,
      deed: Deed,
      id: number,
      method: string,
      path: string,
    ): Promise<boolean> {
      const length = random.chance(0.1) ? random.integer(0, 40_000) : random.integer(0, 200);
      const body = method === 'HEAD' ? new Uint8Array(0) : bytesOf(id, length);
      const own = `X-Length: ${length}\r\n`;
      const withLength = `${own}Content-Length: ${length}\r\n`;
      const write = (data: string | Uint8Array): Promise<void> =>
        stream.writeAll(typeof data === 'string' ? Buffer.from(data, 'latin1') : data, {
          timeout: 4_000,
        });
      const whole = async (status = '200 OK', fields = ''): Promise<void> => {
        await write(head(status, withLength + fields));
        if (body.length > 0) await write(body);
      };
      switch (deed) {
        case 'whole':
        case 'early':
          await whole();
          return deed === 'whole';
        case 'chunked':
          await write(head('200 OK', `${own}Transfer-Encoding: chunked\r\n`));
          if (method !== 'HEAD') await writeChunks(write, body);
          return true;
        case 'toTheEnd':
          await write(head('200 OK', `${own}Connection: close\r\n`));
          await write(body);
          return false;
        case 'gzip': {
          const coded = gzipSync(bytesOf(id, length));
          const fields = `Content-Encoding: gzip\r\nContent-Length: ${coded.length}\r\n`;
          await write(head('200 OK', own + fields));
          if (method !== 'HEAD') await write(coded);
          return true;
        }
        case 'pieces': {
          await write(head('200 OK', withLength));
          for (let at = 0; at < body.length;) {
            const size = random.integer(1, Math.max(1, body.length >> 1));
            await write(body.subarray(at, at + size));
            at += size;
            if (random.chance(0.5)) await clock.sleep(random.integer(0, 900));
          }
          return true;
        }
        case 'redirect': {
          const status = pick(['301 A', '302 B', '303 C', '307 D', '308 E']);
          const to = `http://${pick(ORIGINS)}${path}.`;
          await write(head(status, `Location: ${to}\r\nContent-Length: 3\r\n`));
          if (method !== 'HEAD') await write('xyz');
          return true;
        }
        case 'busy':
          await whole('503 Busy', `Retry-After: ${random.integer(0, 1)}\r\n`);
          return true;
        case 'closing':
          await whole('200 OK', 'Connection: close\r\n');
          return false;
        case 'hasty':
          await whole();
          return false;
        case 'hinting':
          await whole('200 OK', `Keep-Alive: timeout=${random.integer(0, 2)}\r\n`);
          return true;
        case 'infos':
          for (let n = random.integer(1, 5); n > 0; n -= 1) await write(head('103 Early', 'A: b\r\n'));
          await whole();
          return true;
        case 'flood':
          for (let n = 0; n < 100; n += 1) await write(head('103 Early', 'A: b\r\n'));
          return false;
        case 'silent':
          await stream.readable({ timeout: 6_000 });
          return false;
        case 'gone':
          return false;
        case 'reset':
          stream.reset();
          return false;
        case 'cut':
          await write(head('200 OK', `${own}Content-Length: ${length + 1}\r\n`));
          await write(body);
          return false;
        case 'cutChunk':
          await write(head('200 OK', `${own}Transfer-Encoding: chunked\r\n\r\n5\r\nab`));
          return false;
        case 'garbage':
          await write(pick(['\0\0\0\0', 'SSH-2.0-x\r\n', 'HTTP/1.1 2x0 OK\r\n\r\n', 'HTTP/9.9 200 OK\r\n\r\n']));
          return random.chance(0.5);
        case 'extra':
          await whole();
          await write('HTTP/1.1 200 OK\r\nX-Length: 5\r\nContent-Length: 5\r\n\r\nwrong');
          return random.chance(0.5);
        case 'badLength':
          await write(head('200 OK', `${own}Content-Length: 5\r\nContent-Length: 6\r\n`));
          return true;
        case 'badCoding':
          await write(head('200 OK', `${withLength}Content-Encoding: gzip\r\n`));
          await write(body);
          return true;
      }
    }

    async function writeChunks(
      write: (data: string | Uint8Array) => Promise<void>,
      body: Uint8Array,
    ): Promise<void> {
      for (let at = 0; at < body.length;) {
        const size = Math.min(random.integer(1, 1_000), body.length - at);
        await write(`${size.toString(16)}\r\n`);
        await write(body.subarray(at, at + size));
        await write('\r\n');
        at += size;
      }
      await write('0\r\n\r\n');
    }

    for (const name of ORIGINS) {
      const host = sim.host(name);
      host.run(async ({ signal }) => {
        const listener = await host.listen(80, { signal });
        for (;;) {
          if (isOver) return;
          let stream: ByteStream;
          try {
            stream = await listener.accept({ signal });
          } catch {
            return;
          }
          sim.executor.spawn(async () => {
            try {
              await converse(stream);
              await stream.close();
            } catch {
              stream.reset();
            }
          });
        }
      });
    }

    // The client.

    const { connect } = sim.host('client');
    const client = new http.HttpClient({
      connect,
      clock,
      random,
      maxConnectionsPerOrigin: PER_ORIGIN,
      maxConnections: OVER_ALL,
      maxRedirects: 3,
      retry: random.chance(0.4) ? { attempts: 3, backoff: 50, maxDelay: 2_000 } : false,
      deadlines: { connect: 1_000, pool: 2_000, headers: 1_500, body: 1_000, idle: 1_500 },
    });

    function checkPools(): void {
      let all = 0;
      for (const [origin, { open, idle }] of Object.entries(client.statistics())) {
        all += open;
        if (open > PER_ORIGIN || idle > open) violations.push(`${open} connections to ${origin}`);
      }
      if (all > OVER_ALL) violations.push(`${all} connections`);
    }

    async function* pieces(id: number, length: number): AsyncGenerator<Uint8Array> {
      openSources += 1;
      try {
        const whole = bytesOf(id, length);
        for (let at = 0; at < length; at += 100) {
          if (random.chance(0.2)) await clock.sleep(random.integer(0, 300));
          yield whole.subarray(at, at + 100);
        }
      } finally {
        openSources -= 1;
      }
    }

    function bodyOf(id: number): Http.RequestBody {
      const length = random.chance(0.1) ? random.integer(0, 100_000) : random.integer(0, 400);
      const kind = random.integer(0, 2);
      if (kind === 0) return bytesOf(id, length);
      return kind === 1 ? pieces(id, length) : () => pieces(id, length);
    }

    let nextId = 1;
    async function ask(): Promise<void> {
      const id = nextId;
      nextId += 1;
      const method = pick(METHODS);
      const hasBody = !['GET', 'HEAD', 'DELETE'].includes(method);
      const isKeyed = method === 'POST' && random.chance(0.2);
      const timeout = random.chance(0.5) ? random.integer(50, 8_000) : 8_000;
      const controller = random.chance(0.1) ? new AbortController() : undefined;
      const timer =
        controller === undefined
          ? undefined
          : clock.setTimer(() => controller.abort(givenUp), random.integer(0, 1_000));
      const began = clock.now();
      let failure: unknown;
      try {
        const response = await client.request(method, `http://${pick(ORIGINS)}/${id}`, {
          headers: { 'X-Id': id, ...(isKeyed ? { 'Idempotency-Key': String(id) } : {}) },
          body: hasBody ? bodyOf(id) : undefined,
          timeout,
          signal: controller?.signal,
        });
        checkPools();
        if (random.chance(0.15)) {
          response.discard();
          sim.log('discarded');
        } else {
          const body = await response.bytes();
          const announced = Number(response.headers.get('x-length') ?? 0);
          const isRedirect = response.status >= 300 && response.status < 400;
          const expected = method === 'HEAD' ? 0 : announced;
          if (!isRedirect && !isSame(body, bytesOf(id, expected))) {
            // A 303 makes a GET of every method but HEAD; a HEAD stays one.
            violations.push(`${method} ${id}: ${body.length} bytes, not ${expected}`);
          }
          sim.log(`answered ${response.status}`);
        }
      } catch (error) {
        failure = error;
        if (error !== givenUp) checkError(method, id, error);
        sim.log('failed');
      } finally {
        timer?.cancel();
      }
      const took = clock.now() - began;
      if (took > timeout + LATE) violations.push(`${method} ${id} took ${took} of ${timeout} ms`);
      checkPools();
      afterwards.push(() => checkArrivals(method, id, isKeyed, failure));
    }

    function checkError(method: string, id: number, error: unknown): void {
      const { code, name, operation } = error as Record<string, unknown>;
      if (typeof code !== 'string' && typeof operation !== 'string') {
        violations.push(`${method} ${id} failed with ${String(name)}: ${String(error)}`);
      }
      const cause = name === 'RetryError' ? (error as { cause?: unknown }).cause : error;
      if (http.failedRequestOf(cause) === undefined) {
        violations.push(`${method} ${id}: its error has no request: ${String(error)}`);
      }
    }

    /** What is to be checked when nothing is on its way any more. */
    const afterwards: (() => void)[] = [];

    function checkArrivals(method: string, id: number, isKeyed: boolean, failure: unknown): void {
      const isSafe = !['POST', 'PATCH'].includes(method) || isKeyed;
      if (isSafe) return;
      let total = 0;
      for (const [key, arrival] of arrivals) {
        if (!key.startsWith(`${id} `) || !['POST', 'PATCH'].includes(arrival.method)) continue;
        total += arrival.times;
        if (arrival.times > 1) violations.push(`${method} ${key} arrived ${arrival.times} times`);
      }
      const request = http.failedRequestOf(failure);
      // A redirect makes another request of it: the error is of the last one.
      if (request?.isReplayable === true && request.attempt === 0 && total > 0) {
        violations.push(`${method} ${id} arrived, and may be sent again`);
      }
    }

    const loops = Array.from({ length: random.integer(2, 8) }, async () => {
      for (let round = random.integer(1, 4); round > 0; round -= 1) {
        await ask();
        if (random.chance(0.3)) await clock.sleep(random.integer(0, 2_500));
      }
    });
    await Promise.all(loops);
    // What was left idles out, or is given up by the deadlines of its phase.
    await clock.sleep(20_000);
    const left = Object.values(client.statistics()).filter(
      ({ open, idle, waiting }) => open + idle + waiting > 0,
    );
    if (left.length > 0) violations.push(`left: ${JSON.stringify(client.statistics())}`);
    if (openSources !== 0) violations.push(`${openSources} sources are not released`);
    for (const check of afterwards) check();
    await client.close();
    isOver = true;
    if (violations.length > 0) throw new Error(violations.join('; '));
  };
}

const givenUp = new Error('the caller gave the request up');
