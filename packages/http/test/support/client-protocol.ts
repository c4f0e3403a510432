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

import type { Simulation } from '@awaitio/core/testing';
import type * as Http from '../../src/index.ts';
import type * as Faulty from './faulty-servers.ts';
import type * as Requests from './request-protocol.ts';

/** What the program works with: its package, from the sources or the build, and parts of the other program. */
export interface ClientParts {
  readonly http: Pick<typeof Http, 'HttpClient' | 'failedRequestOf'>;
  readonly requests: Pick<typeof Requests, 'bytesOf' | 'isSame'>;
  readonly faulty: typeof Faulty;
  readonly gzipSync: (bytes: Uint8Array) => Uint8Array;
}

const METHODS = ['GET', 'GET', 'HEAD', 'PUT', 'DELETE', 'POST', 'POST', 'PATCH'] as const;
const PER_ORIGIN = 2;
const OVER_ALL = 4;
/** How late a call may end, in virtual milliseconds: what sums of fractions lose. */
const LATE = 0.001;

/** Makes the program of one run. */
export function clientProtocol({ http, requests, faulty, gzipSync }: ClientParts) {
  const { bytesOf, isSame } = requests;
  const { FaultyServers, ORIGINS } = faulty;
  return async (sim: Simulation): Promise<void> => {
    const { random, clock } = sim;
    const violations: string[] = [];
    const servers = new FaultyServers(sim, { bytesOf, isSame, gzipSync }, violations);
    let openSources = 0;

    const pick = <T extends string>(list: readonly T[]): T => {
      const picked = list[random.integer(0, list.length - 1)];
      if (picked === undefined) throw new Error('there is nothing to pick');
      return picked;
    };

    for (const name of ORIGINS) servers.run(name);

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
      for (const [key, arrival] of servers.arrivals) {
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
    await servers.end();
    if (violations.length > 0) throw new Error(violations.join('; '));
  };
}

const givenUp = new Error('the caller gave the request up');
