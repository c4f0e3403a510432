/**
 * The handlers of `battery-protocol.ts`: one for each battery, behind those that stand around all of them.
 *
 * Only types are imported, so that scripts can run this file against the built packages.
 */

import type { Simulation } from '@awaitio/core/testing';
import type * as Batteries from '../../src/batteries/index.ts';
import type * as Http from '../../src/index.ts';

/** What the handlers count and report. */
export interface BatteryLog {
  /** How often a handler was called for a request, by its id. */
  readonly handled: Map<string, number>;
  /** Sources of events, of each life of the server. */
  readonly sources: Sources[];
  readonly violations: string[];
}

/** How many sources of events were begun, and closed: those of a server that crashed stay where they were. */
interface Sources {
  begun: number;
  closed: number;
}

const RATE = 2;
const BURST = 2;
/** How many events a stream has. */
export const EVENTS = 6;

/** The bytes of a body: every one tells its neighbours apart. */
type BytesOf = (id: number, length: number) => Uint8Array;

/** Makes the handler of one life of the server: its limits begin anew. */
export function batteryHandler(
  { HttpResponse }: typeof Http,
  batteries: typeof Batteries,
  bytesOf: BytesOf,
  { random, clock }: Simulation,
  log: BatteryLog,
): Http.Handler {
  const signer = new batteries.CookieSigner({ keys: ['0123456789abcdef0123456789abcdef'] });
  const pause = async (): Promise<void> => {
    if (random.chance(0.3)) await clock.sleep(random.integer(0, 60));
  };

  const sources: Sources = { begun: 0, closed: 0 };
  log.sources.push(sources);

  /** The events behind the last one that the client has seen. */
  async function* ticks(lastEventId: string | undefined) {
    sources.begun += 1;
    try {
      for (let id = Number(lastEventId ?? 0) + 1; id <= EVENTS; id += 1) {
        await pause();
        yield { id: String(id), event: 'tick', data: `line ${id}\nand ${id * id}` };
      }
    } finally {
      sources.closed += 1;
    }
  }

  async function readForm(request: Http.HttpRequest): Promise<Http.HttpResponse> {
    const parts: (string | number)[][] = [];
    for await (const part of batteries.multipart(request, { limits: { parts: 8 }, clock })) {
      await pause();
      const isSkipped = random.chance(0.2);
      const bytes = isSkipped ? undefined : await part.bytes({ limit: 100_000 });
      parts.push([part.name, bytes === undefined ? 'skipped' : Buffer.from(bytes).toString('hex')]);
    }
    return HttpResponse.json(parts);
  }

  async function readCookie(request: Http.HttpRequest): Promise<Http.HttpResponse> {
    const sent = batteries.parseCookies(request.headers.get('cookie')).get('who');
    const name = await signer.verify('who', sent);
    const next = await signer.sign('who', `client ${random.integer(0, 1_000)}`);
    const headers = { 'Set-Cookie': batteries.setCookie('who', next) };
    return HttpResponse.text(name ?? 'nobody', { headers });
  }

  const taken: number[] = [];
  const limited: Http.Handler = () => {
    taken.push(clock.now());
    for (const [at, since] of taken.entries()) {
      const allowed = BURST + (RATE * (clock.now() - since)) / 1_000;
      if (taken.length - at > allowed + 1e-6) log.violations.push('the limiter gave too much');
    }
    return HttpResponse.text('taken');
  };
  const routes: Readonly<Record<string, Http.Handler>> = {
    form: readForm,
    pairs: async (request) => HttpResponse.json([...(await batteries.formData(request))]),
    events: (request, context) =>
      batteries.events(ticks, { request, context, heartbeat: 20, retry: 10 }),
    cookie: readCookie,
    secret: batteries.basicAuth(
      (request) => HttpResponse.text(batteries.basicAuthUser(request) ?? 'nobody'),
      { users: { ada: 'lovelace' } },
    ),
    timed: batteries.serverTiming(
      async (request) => {
        await pause();
        batteries.timing(request, 'work', 5);
        return HttpResponse.text('timed');
      },
      { clock },
    ),
    packed: batteries.compress((request) => {
      const length = Number(request.headers.get('x-length'));
      return HttpResponse.text(Buffer.from(bytesOf(3, length)).toString('hex'));
    }),
    limited: batteries.rateLimit(limited, { rate: RATE, burst: BURST, key: () => 'all', clock }),
    preflight: () => HttpResponse.text('never'),
  };
  const route: Http.Handler = (request, context) => {
    const id = request.headers.get('x-request-id') ?? '';
    log.handled.set(id, (log.handled.get(id) ?? 0) + 1);
    const chosen = new Map(Object.entries(routes)).get(request.path.slice(1));
    return (chosen as Http.Handler)(request, context);
  };
  const shed = batteries.loadShedding(route, { clock, random });
  return batteries.requestId(batteries.cors(shed, { maxAge: 60 }), { random });
}
