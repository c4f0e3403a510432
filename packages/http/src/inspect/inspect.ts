/**
 * `inspect`: a page that shows the whole process, on a separate listener.
 *
 * The page is a server like any other, but hidden: the inspector shows neither its connections nor its tasks, and it emits no event.
 */

import {
  AddressList,
  Executor,
  systemClock,
  TcpListener,
  UnixListener,
  type Address,
  type Clock,
  type Timer,
} from '@awaitio/core';
import {
  charged,
  checkOptions,
  describeFailure,
  invalidInput,
  outsideScopes,
  printLine,
} from '@awaitio/core/lowlevel';
import { announceInspector } from '../observing/inspectors.ts';
import { hide } from '../observing/servers.ts';
import { serve, type HttpServer } from '../server/server.ts';
import { optionsFrom } from './environment.ts';
import { Guard, newToken } from './guard.ts';
import { Collector } from './looking/collector.ts';
import type { Inspection } from './looking/model.ts';
import type { Recording } from './looking/recorder.ts';
import { INSPECT_OPTIONS, type InspectOptions } from './options.ts';
import { pageHandler } from './page-server.ts';

/** More readers than that are no people. */
const MOST_CONNECTIONS = 64;
/** For so long after a single question requests are counted, in milliseconds: `top` asks every second. */
const ASKED_FOR = 10_000;

/** An open page of the inspector, from {@link inspect}. */
export interface InspectorPage {
  /** Where it is. The token is behind `#`, where browsers send it to no one: keep the URL out of logs. */
  readonly url: string;
  /** The state of the process now: what the page shows. */
  look(): Inspection;
  /** The last seconds, as the file that the page saves and opens. */
  record(): Recording;
  /** Closes the page and its listener; nothing is watched from then on. Idempotent. @returns settled when it is closed */
  close(): Promise<void>;
  /** Closes it, at the end of an `await using` block. */
  [Symbol.asyncDispose](): Promise<void>;
}

interface PageParts {
  readonly server: HttpServer;
  readonly collector: Collector;
  readonly asked: Asked;
  /** Messages no longer name it. */
  readonly conceal: () => void;
}

const LOOPBACK = new AddressList(['127.0.0.0/8', '::1']);

/**
 * Opens a page that shows this process: who waits on what, sockets, requests, refusals, tasks, pools.
 *
 * It listens on loopback, or on a Unix socket of this user, and shows its data only to those who know its token, which is in
 * `page.url`: pass the URL on as you would a password. It shows no header, query, body or cookie. While no page is open, requests
 * cost nothing more, and opening a stream costs a stack trace.
 *
 * @param options - Where it listens, and what it shows: see {@link InspectOptions}.
 * @returns The page, which is open. It does not keep the process alive.
 * @throws `InvalidInputError` for a wrong option, or for a `host` that other machines reach without `allowRemote`;
 * `AddressError` when the address cannot be used.
 *
 * @example
 * ```ts
 * import { inspect } from '@awaitio/http/inspect';
 *
 * const page = await inspect({ port: 0 });
 * console.log(page.url.startsWith('http://127.0.0.1:')); // true
 * console.log(page.look().servers.length); // 0
 * await page.close();
 * ```
 */
export function inspect(options: InspectOptions = {}): Promise<InspectorPage> {
  return charged(options, () => {
    checkOptions('inspect', options, INSPECT_OPTIONS);
    const { host = '127.0.0.1', path, allowRemote = false } = options;
    if (path === undefined && !allowRemote && !isLoopback(host)) {
      throw invalidInput('inspect', 'host', 'a loopback address, or `allowRemote` to be set', host);
    }
    return outsideScopes(() => open(options));
  });
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || LOOPBACK.hasHost(host);
}

async function open(options: InspectOptions): Promise<InspectorPage> {
  const { host = '127.0.0.1', port = 0, path, clock = systemClock } = options;
  const listener =
    path === undefined
      ? await TcpListener.bind({ host, port }, { maxConnections: MOST_CONNECTIONS })
      : await UnixListener.bind(path, {
          maxConnections: MOST_CONNECTIONS,
          mode: 0o600,
          removeStale: true,
        });
  hide(listener);
  listener.unref();
  const token = options.token ?? newToken();
  const address = listener.localAddress;
  const collector = new Collector({
    clock,
    attentionAfter: options.attentionAfter ?? 2_000,
    recording: options.recording ?? 60_000,
    canClose: options.allowClose ?? false,
    refusedBytes: options.refusedBytes ?? 0,
  });
  const asked = new Asked(collector, clock);
  const handler = pageHandler({
    guard: new Guard(token, hostsOf(address, options.hosts)),
    collector,
    clock,
    interval: options.interval ?? 1_000,
    allowClose: options.allowClose ?? false,
    onAsked: () => {
      asked.again();
    },
  });
  if (options.always === true) collector.begin();
  const executor = new Executor({ name: 'inspector' });
  const server = await serve(handler, { listener, executor, scope: true });
  const conceal = announceInspector(server.url);
  return new OpenPage({ server, collector, asked, conceal }, `${server.url}#${token}`);
}

/** What browsers may call the page in `Host`. */
function hostsOf(address: Address, names: readonly string[] = []): readonly string[] | undefined {
  if (address.kind === 'path') return undefined;
  const local = isLoopback(address.host) ? ['localhost', '127.0.0.1', '[::1]'] : [];
  const own = [String(address)];
  for (const name of [...local, ...names]) own.push(`${name.toLowerCase()}:${address.port}`);
  // Browsers leave the port of their scheme out.
  return address.port === 80 ? [...own, ...own.map((each) => each.slice(0, -3))] : own;
}

/** Counts requests for a while after each question. */
class Asked {
  readonly #collector: Collector;
  readonly #clock: Clock;
  #end: (() => void) | undefined;
  #timer: Timer | undefined;

  constructor(collector: Collector, clock: Clock) {
    this.#collector = collector;
    this.#clock = clock;
  }

  again(): void {
    this.#end ??= this.#collector.begin();
    this.#timer?.cancel();
    this.#timer = this.#clock.setTimer(this.stop, ASKED_FOR);
    this.#timer.unref();
  }

  readonly stop = (): void => {
    this.#timer?.cancel();
    this.#timer = undefined;
    this.#end?.();
    this.#end = undefined;
  };
}

class OpenPage implements InspectorPage {
  readonly #parts: PageParts;
  readonly url: string;
  #closed: Promise<void> | undefined;

  constructor(parts: PageParts, url: string) {
    this.#parts = parts;
    this.url = url;
  }

  look(): Inspection {
    return this.#parts.collector.look();
  }

  record(): Recording {
    return this.#parts.collector.record();
  }

  close(): Promise<void> {
    this.#closed ??= outsideScopes(() => this.#close());
    return this.#closed;
  }

  async #close(): Promise<void> {
    const { server, collector, asked, conceal } = this.#parts;
    conceal();
    asked.stop();
    collector.stop();
    await server.shutdown({ grace: 0, idleWindow: 0 });
  }

  async [Symbol.asyncDispose](): Promise<void> {
    await this.close();
  }
}

/**
 * For a program that calls nothing: `AWAITIO_INSPECT=9300 node --import @awaitio/http/inspect app.js`. The URL, with the token in it,
 * is written to stderr, as `node --inspect` does with its own.
 */
async function startFrom(value: string): Promise<void> {
  try {
    const { url } = await inspect(optionsFrom(value));
    printLine(`inspector at ${url}`);
  } catch (error) {
    printLine(`no inspector, because of AWAITIO_INSPECT: ${describeFailure(error)}`);
  }
}

const wanted = process.env['AWAITIO_INSPECT'];
if (wanted !== undefined && wanted !== '') void startFrom(wanted);
