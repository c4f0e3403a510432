/**
 * The timeouts of a server of `node:http` in virtual time: `headersTimeout` and `requestTimeout`, looked at each
 * `connectionsCheckingInterval`, as in Node.
 *
 * Node counts them in real time, in native code. So its timer is stopped, and what it would look at is seen here: the message that
 * the parser of a connection has begun, and whether it is complete.
 */

import type Http from 'node:http';
import type { Server, Socket } from 'node:net';
import { Timeout } from '../guard/timers.ts';

/** What a message of `node:http` has. */
interface Message {
  readonly complete: boolean;
}

interface HttpSocket extends Socket {
  readonly parser?: { readonly incoming: Message | null } | null;
}

/** A request that has begun to arrive. */
interface Begun {
  readonly since: number;
  /** Its head has arrived. */
  message: Message | undefined;
}

const DEFAULT_INTERVAL = 30_000;
const NODES_INTERVAL = 'http.server.connectionsCheckingInterval';

const watched = new WeakMap<Server, RequestWatch>();

/** Watches a connection of a server, if it speaks HTTP. */
export function watchRequests(server: Server, socket: Socket, now: () => number): void {
  if ((socket as HttpSocket).parser === undefined) return;
  let watch = watched.get(server);
  if (watch === undefined) {
    watch = new RequestWatch(server as Http.Server, now);
    watched.set(server, watch);
  }
  watch.add(socket);
}

class RequestWatch {
  readonly #server: Http.Server;
  readonly #now: () => number;
  readonly #begun = new Map<HttpSocket, Begun>();
  #timer: Timeout | undefined;

  constructor(server: Http.Server, now: () => number) {
    this.#server = server;
    this.#now = now;
    const symbol = Object.getOwnPropertySymbols(server).find(
      ({ description }) => description === NODES_INTERVAL,
    );
    const timer: unknown = symbol === undefined ? undefined : Reflect.get(server, symbol);
    if (timer !== undefined && timer !== null) clearInterval(timer as NodeJS.Timeout);
  }

  add(socket: HttpSocket): void {
    const begin = (): void => {
      this.#begun.set(socket, { since: this.#now(), message: undefined });
    };
    // A client that sends nothing is counted, too.
    begin();
    socket.prependListener('data', () => {
      if (this.#begun.get(socket)?.message?.complete === true) begin();
    });
    // After the parser.
    socket.on('data', () => {
      const begun = this.#begun.get(socket);
      const { incoming = null } = socket.parser ?? {};
      if (begun !== undefined && incoming !== null) begun.message ??= incoming;
    });
    socket.once('close', () => {
      this.#begun.delete(socket);
      if (this.#begun.size > 0) return;
      this.#timer?.close();
      this.#timer = undefined;
    });
    this.#timer ??= new Timeout(this.#check, this.#interval, [], true).unref();
  }

  get #interval(): number {
    const { connectionsCheckingInterval = DEFAULT_INTERVAL } = this.#server as {
      readonly connectionsCheckingInterval?: number;
    };
    return connectionsCheckingInterval;
  }

  readonly #check = (): void => {
    const { headersTimeout, requestTimeout } = this.#server;
    for (const [socket, begun] of this.#begun) {
      const { message, since } = begun;
      // It was upgraded, or is between two requests.
      if (socket.parser === undefined || socket.parser === null) continue;
      if (message?.complete === true) continue;
      const age = this.#now() - since;
      const isLate = (limit: number): boolean => limit > 0 && age > limit;
      if (!(message === undefined && isLate(headersTimeout)) && !isLate(requestTimeout)) continue;
      const error = new Error('Request timeout');
      // As in Node: the server answers 408, or emits `clientError`.
      socket.emit('error', Object.assign(error, { code: 'ERR_HTTP_REQUEST_TIMEOUT' }));
    }
  };
}
