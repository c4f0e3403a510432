/**
 * The program of `request-protocol.ts` for a server with every battery that needs no files: clients that upload forms, follow
 * events, keep signed cookies, log in, and take compressed responses, on a network that breaks whatever can break.
 *
 * What is checked, beside what every simulation checks:
 *
 * - a request ends with one whole answer, and the right one, or with a typed error; what is not idempotent is handled once at most;
 * - a response of a handler has the id of its request, and what `cors` says;
 * - a part of a form is what was sent; a signature is taken only for what was signed; a limiter gives no more than its rate;
 * - an event stream goes on behind the last event that was seen, and every source that was begun is closed, once, unless its server crashed;
 * - after the drain no connection is open.
 *
 * Only types are imported, so that scripts can run this file against the built packages.
 */

import type { Simulation } from '@awaitio/core/testing';
import type * as Batteries from '../../src/batteries/index.ts';
import type * as Http from '../../src/index.ts';
import type * as Handlers from './battery-handlers.ts';
import type * as Requests from './request-protocol.ts';

/** What the program is made of. */
export interface BatteryParts {
  readonly http: typeof Http;
  readonly batteries: typeof Batteries;
  readonly requests: Pick<typeof Requests, 'bytesOf' | 'expectTyped' | 'isSame' | 'serveUntil'>;
  readonly handlers: Pick<typeof Handlers, 'batteryHandler' | 'EVENTS'>;
  readonly gunzipSync: (bytes: Uint8Array) => Uint8Array;
}

const TIMEOUT = 3_000;
const KINDS = [
  'form',
  'pairs',
  'events',
  'cookie',
  'secret',
  'timed',
  'packed',
  'limited',
  'preflight',
] as const;

/** Makes the program of one run. */
export function batteryProtocol(
  { http, batteries, requests, handlers, gunzipSync }: BatteryParts,
  options: { readonly isLossless?: boolean } = {},
) {
  const { HttpClient, serve } = http;
  const { batteryHandler, EVENTS } = handlers;
  const { bytesOf, expectTyped, isSame, serveUntil } = requests;
  const { isLossless = false } = options;
  const timeout = isLossless ? Infinity : TIMEOUT;
  return async (sim: Simulation): Promise<void> => {
    const { random, clock } = sim;
    const violations: string[] = [];
    const log: Handlers.BatteryLog = { handled: new Map(), sources: [], violations };
    let isOver: (() => void) | undefined;
    const over = new Promise<void>((resolve) => {
      isOver = resolve;
    });
    const pause = async (): Promise<void> => {
      if (random.chance(0.3)) await clock.sleep(random.integer(0, 60));
    };

    const server = sim.host('server');
    server.run(async () => {
      const listener = await server.listen(80);
      const handler = batteryHandler(http, batteries, bytesOf, sim, log);
      const run = { sim, over, isLossless, violations };
      await serveUntil((given) => {
        const deadlines = { ...given.deadlines, halfClosed: 500 };
        return serve(handler, { ...given, deadlines, listener });
      }, run);
    });

    const { connect } = sim.host('client');
    const client = new HttpClient({
      connect,
      clock,
      decompress: false,
      maxConnectionsPerOrigin: 2,
      deadlines: { connect: timeout, pool: timeout, headers: timeout, body: timeout },
    });
    let nextId = 1;

    /** One request; `undefined` when it got no answer. */
    async function ask(
      kind: string,
      init: Http.RequestOptions & { readonly method?: string } = {},
      use: (response: Http.ClientResponse) => Promise<void> = async () => {},
    ): Promise<void> {
      const id = `request-${nextId}`;
      nextId += 1;
      const { method = 'GET', headers, ...rest } = init;
      const fields = { ...(headers as Record<string, string>), 'X-Request-Id': id };
      try {
        const response = await client.request(method, `http://server/${kind}`, {
          ...rest,
          headers: { ...fields, Origin: 'http://page' },
        });
        const { status } = response;
        // What the network brings too slowly is refused by the server, before any handler.
        if (status === 408 && !isLossless) {
          await response.bytes();
        } else {
          const names = ['x-request-id', 'access-control-allow-origin'];
          const said = names.map((name) => response.headers.get(name)).join(' ');
          if (said !== `${id} *`) violations.push(`${kind} ${id}: ${status} says ${said}`);
          await use(response);
        }
        sim.log(`${kind} ${status}`);
      } catch (error) {
        if (isLossless) throw error;
        expectTyped(error);
        sim.log(`${kind} failed`);
      }
      if (method === 'POST' && (log.handled.get(id) ?? 0) > 1)
        violations.push(`${id} was handled twice`);
    }

    /** Asks, and compares the answer. */
    const expectText = (
      kind: string,
      init: Parameters<typeof ask>[1],
      status: number,
      isRight: (text: string) => boolean,
    ): Promise<void> =>
      ask(kind, init, async (response) => {
        const text = await response.text();
        const isExpected = response.status === status && isRight(text);
        if (!isExpected) violations.push(`${kind}: ${response.status} ${text.slice(0, 80)}`);
      });

    /** A body in pieces, some of them delayed. */
    async function* pieces(whole: Uint8Array): AsyncGenerator<Uint8Array> {
      for (let at = 0; at < whole.length;) {
        const size = random.integer(1, Math.max(1, whole.length >> 1));
        await pause();
        yield whole.slice(at, at + size);
        at += size;
      }
    }

    const programs: Readonly<Record<(typeof KINDS)[number], () => Promise<void>>> = {
      form: async () => {
        const sizes = Array.from({ length: random.integer(0, 4) }, () =>
          random.integer(0, random.chance(0.1) ? 3_000 : 60),
        );
        const bodies = sizes.map((size, at) => bytesOf(at + 1, size));
        const wire = Buffer.concat([
          ...bodies.flatMap((body, at) => [
            Buffer.from(`--b\r\nContent-Disposition: form-data; name="n${at}"\r\n\r\n`),
            body,
            Buffer.from('\r\n'),
          ]),
          Buffer.from('--b--\r\n'),
        ]);
        const headers = { 'Content-Type': 'multipart/form-data; boundary=b' };
        const body = random.chance(0.7) ? pieces(wire) : wire;
        await expectText('form', { method: 'POST', headers, body }, 200, (text) => {
          const parts = JSON.parse(text) as [string, string][];
          return (
            parts.length === bodies.length &&
            parts.every(
              ([name, hex], at) =>
                name === `n${at}` &&
                (hex === 'skipped' || isSame(Buffer.from(hex, 'hex'), bodies.at(at) as Uint8Array)),
            )
          );
        });
      },
      pairs: async () => {
        const pairs = Array.from({ length: random.integer(0, 5) }, (_, at) => [
          `k${at}`,
          `&= ${at}`,
        ]);
        const form = Object.fromEntries(pairs) as Record<string, string>;
        const expected = JSON.stringify(pairs);
        await expectText('pairs', { method: 'POST', form }, 200, (text) => text === expected);
      },
      events: async () => {
        const seen: number[] = [];
        for (let round = 0; round < 3; round += 1) {
          if (seen.length === EVENTS) break;
          const headers: Record<string, string> =
            seen.length === 0 ? {} : { 'Last-Event-ID': String(seen.length) };
          await ask('events', { headers }, async (response) => {
            const stopsAt = random.chance(0.2) ? random.integer(1, EVENTS) : Infinity;
            for await (const { id, data } of response.events()) {
              const isNext =
                Number(id) === seen.length + 1 && data === `line ${id}\nand ${Number(id) ** 2}`;
              if (!isNext) violations.push(`events: ${id} after ${seen.length}`);
              seen.push(Number(id));
              if (seen.length >= stopsAt) break;
            }
          });
        }
      },
      cookie: async () => {
        let cookie: string | undefined;
        for (let round = 0; round < 2; round += 1) {
          const isForged = cookie !== undefined && random.chance(0.3);
          const headers: Record<string, string> =
            cookie === undefined
              ? {}
              : { Cookie: isForged ? cookie.replace('client', 'Client') : cookie };
          const name = isForged ? undefined : /client%20\d+|client \d+/.exec(cookie ?? '')?.[0];
          const expected = name === undefined ? 'nobody' : decodeURIComponent(name);
          await ask('cookie', { headers }, async (response) => {
            const text = await response.text();
            if (text !== expected) violations.push(`cookie: ${text}, not ${expected}`);
            cookie = response.headers.get('set-cookie')?.split(';', 1)[0];
          });
        }
      },
      secret: async () => {
        const isRight = random.chance(0.6);
        const auth = { basic: { username: 'ada', password: isRight ? 'lovelace' : 'Lovelace' } };
        const status = isRight ? 200 : 401;
        await expectText('secret', { auth }, status, (text) => !isRight || text === 'ada');
      },
      timed: () =>
        ask('timed', {}, async (response) => {
          const timing = response.headers.get('server-timing') ?? '';
          if (!/work;dur=5/.test(timing)) violations.push(`timed: ${timing}`);
          await response.bytes();
        }),
      packed: async () => {
        const length = random.chance(0.5) ? random.integer(600, 4_000) : random.integer(0, 500);
        const headers = { 'Accept-Encoding': 'gzip', 'X-Length': String(length) };
        await ask('packed', { headers }, async (response) => {
          const bytes = await response.bytes();
          const isCoded = response.headers.get('content-encoding') === 'gzip';
          const text = Buffer.from(isCoded ? gunzipSync(bytes) : bytes).toString();
          const isRight = text === Buffer.from(bytesOf(3, length)).toString('hex');
          if (!isRight || isCoded !== length >= 512) violations.push(`packed: another answer`);
        });
      },
      limited: async () => {
        for (let count = random.integer(1, 3); count > 0; count -= 1) {
          await ask('limited', {}, async (response) => {
            const text = await response.text();
            const isRight = response.status === 429 || text === 'taken';
            if (!isRight) violations.push(`limited: ${response.status}`);
          });
        }
      },
      preflight: async () => {
        const headers = { 'Access-Control-Request-Method': 'PUT' };
        await expectText('preflight', { method: 'OPTIONS', headers }, 204, (text) => text === '');
      },
    };

    const loops = Array.from({ length: random.integer(1, 4) }, async () => {
      for (let round = random.integer(1, 4); round > 0; round -= 1) {
        await programs[KINDS[random.integer(0, KINDS.length - 1)] ?? 'timed']();
        if (random.chance(0.2)) await clock.sleep(random.integer(0, 1_500));
      }
    });
    await Promise.all(loops);
    await client.close();
    isOver?.();
    // Until the server has stopped, and load shedding measures no more.
    await clock.sleep(20_000);
    const { begun, closed } = log.sources.at(-1) ?? { begun: 0, closed: 0 };
    if (server.isUp && begun !== closed)
      violations.push(`${begun} sources of events were begun, ${closed} closed`);
    if (violations.length > 0) throw new Error(violations.join('; '));
  };
}
