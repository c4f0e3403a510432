/**
 * Servers of Node that listen on a simulated host: those of `node:net`, `node:tls`, `node:http`, `node:https`, and of what is made of them.
 *
 * The server stays Node's own. In place of the handle of a socket it gets one of the simulated network, and so `close`, `address` and
 * `getConnections` are as ever.
 */

import type { Server, Socket } from 'node:net';
import { Server as TlsServer } from 'node:tls';
import { microtask, nextTick } from '../../../vocabulary/platform.ts';
import type { SimListener } from '../network/types.ts';
import type { SimUnixListener } from '../unix/unix-types.ts';
import { listenArguments } from './arguments.ts';
import { alreadyListens } from './checks.ts';
import { socketError, systemError } from './errors.ts';
import { permitTls, type Place } from './place.ts';
import { watchRequests } from './http-timeouts.ts';
import { SimSocket } from './socket.ts';

/** What Node's server has inside, and its types leave out. */
export interface ListeningServer extends Server {
  _handle: ListenHandle | null;
  _connections: number;
  _emitCloseIfDrained(): void;
  /** What `address` gives for a Unix socket. */
  _pipeName?: string | undefined;
  allowHalfOpen?: boolean;
}

type Listener = SimListener | SimUnixListener;

/** Stands for the handle of a listening socket. */
class ListenHandle {
  readonly #listener: Listener;
  readonly fd = -1;
  /** That of a Unix socket has none: Node asks for it. */
  readonly getsockname: ((out: Record<string, unknown>) => number) | undefined;

  constructor(listener: Listener, address: string) {
    this.#listener = listener;
    const { localAddress } = listener;
    if (localAddress.kind === 'path') return;
    const getsockname = (out: Record<string, unknown>): number => {
      Object.assign(out, { address, family: 'IPv4', port: localAddress.port });
      return 0;
    };
    this.getsockname = getsockname;
  }

  close(): void {
    void this.#listener.close();
  }

  ref(): void {}

  unref(): void {}

  getAsyncId(): number {
    return -1;
  }
}

/** `server.listen`, on a host. */
export function listenOn(place: Place, server: ListeningServer, args: readonly unknown[]): Server {
  if (server._handle !== null && server._handle !== undefined) throw alreadyListens();
  const [{ path, port, readableAll, signal, writableAll }, callback] = listenArguments(args);
  if (callback !== undefined) server.once('listening', callback);
  const address = place.addressOf(place.host.name);
  if (signal !== undefined) closeWhenAborted(server, signal);
  try {
    const isForAll = readableAll === true || writableAll === true;
    const mode = isForAll ? 0o777 : 0o755;
    const listener =
      path === undefined ? place.host.bind(port) : place.host.bindUnix(path, { mode });
    const handle = new ListenHandle(listener, address);
    server._handle = handle;
    server._pipeName = path;
    nextTick(() => {
      if (server._handle === handle) server.emit('listening');
    });
    void place.enter(() => accept(place, server, handle, listener));
  } catch (error) {
    nextTick(() => {
      const at = path === undefined ? { address, port } : { address: path };
      server.emit('error', socketError('listen', error, at));
    });
  }
  return server;
}

/** Before the server listens: with a signal that has aborted, it closes without having said so. */
function closeWhenAborted(server: ListeningServer, signal: AbortSignal): void {
  const close = (): void => {
    server.close();
  };
  if (signal.aborted) {
    nextTick(close);
    return;
  }
  signal.addEventListener('abort', close, { once: true });
  server.once('close', () => {
    signal.removeEventListener('abort', close);
  });
}

async function accept(
  place: Place,
  server: ListeningServer,
  handle: ListenHandle,
  listener: Listener,
): Promise<void> {
  const carriesTls = server instanceof TlsServer;
  try {
    for (;;) {
      const stream = await listener.accept();
      // Outside of the promise: an error of a listener is an uncaught one.
      microtask(() => {
        const { allowHalfOpen = false, maxConnections } = server;
        if (maxConnections > 0 && server._connections >= maxConnections) {
          stream.reset();
          server.emit('drop');
          return;
        }
        const socket = new SimSocket(place, { allowHalfOpen, carriesTls });
        socket.open(stream);
        socket.readAhead();
        socket.server = server;
        socket._server = server;
        server._connections += 1;
        if (carriesTls) permitTls(() => server.emit('connection', socket));
        else {
          server.emit('connection', socket);
          // It has what an HTTP server uses of a socket.
          watchRequests(server, socket as unknown as Socket, () => place.host.clock.now());
        }
      });
    }
  } catch (error) {
    // Closed by the program, with its host, or at the end of the run.
    if (server._handle !== handle) return;
    server._handle = null;
    if ((error as { code?: unknown }).code !== 'ERR_LISTENER_CLOSED') {
      server.emit('error', systemError('accept', 'ECONNABORTED'));
    }
    server.close();
  }
}
