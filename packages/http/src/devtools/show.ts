/** `showInDevTools`: subscribes the network panel of Chrome DevTools to the tracing channels. */

import { systemClock } from '@awaitio/core';
import { checkOptions, rules, type OptionTable } from '@awaitio/core/lowlevel';
import { fieldsToSend } from '../message/response.ts';
import type { FieldList } from '../protocol/vocabulary/fields.ts';
import type { Channels } from '../tracing/channels.ts';
import { clientRequests } from '../tracing/client-request.ts';
import type { ClientRequestTrace, ServerRequestTrace } from '../tracing/contexts.ts';
import { listen } from '../tracing/listen.ts';
import { serverRequests } from '../tracing/server-request.ts';
import { headersOf, typeOf } from './headers.ts';
import { networkDomain, type NetworkDomain } from './network-domain.ts';

/** Options of {@link showInDevTools}. */
export interface ShowInDevToolsOptions {
  /** Whether requests that servers receive are shown. @default true */
  readonly server?: boolean | undefined;
  /** Whether requests that clients send are shown. @default true */
  readonly client?: boolean | undefined;
  /** Whether the fields with credentials are shown: `Authorization`, `Proxy-Authorization`, `Cookie`, `Set-Cookie`. @default false */
  readonly credentials?: boolean | undefined;
}

const SHOW_OPTIONS: OptionTable<ShowInDevToolsOptions> = {
  server: rules.flag,
  client: rules.flag,
  credentials: rules.flag,
};

/** A request, of the server or of a client, as the panel shows it. */
interface Shown {
  readonly url: string;
  readonly method: string;
  readonly fields: FieldList;
  readonly response: () => { readonly status: number; readonly fields: FieldList };
}

/** What both traces have in common. */
interface Trace {
  readonly status: number;
  readonly error: unknown;
}

let requests = 0;

/**
 * Shows the requests of every server and client of this process in the network panel of Chrome DevTools: method, URL, fields, status and
 * times, and no body.
 *
 * Start Node with `--inspect --experimental-network-inspection`, and open `chrome://inspect`.
 *
 * @param options - See {@link ShowInDevToolsOptions}.
 * @returns A function that ends it.
 * @throws `IoError` (`ERR_NO_NETWORK_INSPECTION`) when this Node has no network inspection, or was started without it;
 * `InvalidInputError` for a wrong option.
 *
 * @example
 * ```ts no-run
 * import { HttpResponse, serve } from '@awaitio/http';
 * import { showInDevTools } from '@awaitio/http/batteries';
 *
 * if (process.execArgv.includes('--experimental-network-inspection')) showInDevTools();
 * await serve(() => HttpResponse.text('hello'), { port: 8080 });
 * ```
 */
export function showInDevTools(options: ShowInDevToolsOptions = {}): () => void {
  checkOptions('showInDevTools', options, SHOW_OPTIONS);
  const { server = true, client = true, credentials = false } = options;
  const network = networkDomain();
  const ends: (() => void)[] = [];
  if (server) {
    ends.push(fill(serverRequests, new Panel(network, 'Other', shownOfServer, credentials)));
  }
  if (client) {
    ends.push(fill(clientRequests, new Panel(network, 'Fetch', shownOfClient, credentials)));
  }
  return () => {
    for (const end of ends) end();
  };
}

/** The part of the panel that one channel fills. */
class Panel<Each extends Trace> {
  readonly #network: NetworkDomain;
  readonly #type: string;
  readonly #shown: (trace: Each) => Shown;
  readonly #credentials: boolean;
  readonly #begun = new WeakMap<Each, Shown & { readonly requestId: string }>();

  constructor(
    network: NetworkDomain,
    type: string,
    shown: (trace: Each) => Shown,
    credentials: boolean,
  ) {
    this.#network = network;
    this.#type = type;
    this.#shown = shown;
    this.#credentials = credentials;
  }

  start(trace: Each): void {
    requests += 1;
    const shown = { ...this.#shown(trace), requestId: `awaitio-${requests}` };
    this.#begun.set(trace, shown);
    const { requestId, url, method, fields } = shown;
    this.#network.requestWillBeSent({
      requestId,
      timestamp: seconds(),
      wallTime: systemClock.wallTime() / 1_000,
      request: { url, method, headers: headersOf(fields, this.#credentials) },
    });
  }

  asyncStart(trace: Each): void {
    const begun = this.#begun.get(trace);
    if (begun === undefined || trace.status === 0) return;
    const { requestId, url, response } = begun;
    const { status, fields } = response();
    this.#network.responseReceived({
      requestId,
      timestamp: seconds(),
      type: this.#type,
      response: {
        url,
        status,
        statusText: '',
        headers: headersOf(fields, this.#credentials),
        ...typeOf(fields),
      },
    });
  }

  asyncEnd(trace: Each): void {
    const begun = this.#begun.get(trace);
    if (begun === undefined) return;
    this.#begun.delete(trace);
    const { requestId } = begun;
    const timestamp = seconds();
    if (trace.error === undefined) {
      this.#network.loadingFinished({ requestId, timestamp });
      return;
    }
    const { code, name } = Object(trace.error) as {
      readonly code?: unknown;
      readonly name?: unknown;
    };
    const errorText = [code, name, 'failed'].find((each) => typeof each === 'string') as string;
    this.#network.loadingFailed({ requestId, timestamp, type: this.#type, errorText });
  }
}

const seconds = (): number => systemClock.now() / 1_000;

function shownOfServer(trace: ServerRequestTrace): Shown {
  const { request, isEncrypted } = trace;
  const { method, target, headers } = request;
  const origin = `${isEncrypted ? 'https' : 'http'}://${headers.get('host') ?? ''}`;
  return {
    url: target.startsWith('/') ? origin + target : target,
    method,
    fields: [...headers].flat(),
    response: () => ({
      status: trace.status,
      fields: trace.response === undefined ? [] : fieldsToSend(trace.response),
    }),
  };
}

function shownOfClient(trace: ClientRequestTrace): Shown {
  const { origin, target, method, fields } = trace;
  return {
    url: origin + target,
    method,
    fields,
    response: () => ({ status: trace.status, fields: [...(trace.headers ?? [])].flat() }),
  };
}

/** Subscribes, until the returned function is called. */
function fill<Each extends Trace>(channels: Channels<Each>, panel: Panel<Each>): () => void {
  return listen('showInDevTools', channels, {
    start: (trace) => {
      panel.start(trace);
    },
    asyncStart: (trace) => {
      panel.asyncStart(trace);
    },
    asyncEnd: (trace) => {
      panel.asyncEnd(trace);
    },
  });
}
