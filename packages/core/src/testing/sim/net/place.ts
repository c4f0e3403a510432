/** Where code runs: a host of a simulated network, as the modules of Node see it. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { isIP } from 'node:net';
import type { ConnectionOptions, TLSSocket } from 'node:tls';
import { currentWorld } from '../guard/indirection.ts';
import type { SimStream } from '../wire/stream.ts';
import type { SimHost, SimListener } from '../network/types.ts';
import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimUnixListener, SimUnixListenOptions } from '../unix/unix-types.ts';
import {
  checkSocketOptions,
  connectArguments,
  normalized,
  type ConnectOptions,
} from './arguments.ts';
import { checkDelay, wrongType } from './checks.ts';
import type { Home } from './home.ts';
import type { Answer, Names } from '../names/names.ts';
import { connectAny } from '../names/connect-any.ts';
import { SimSocket, type SocketOptions } from './socket.ts';

/** The network, as a place sees it. */
export interface PlaceNetwork {
  readonly names: Names;
  has(name: string): boolean;
}

/** A host that can listen at once: `server.address()` has a port as soon as `server.listen` has returned. */
export interface BindingHost extends SimHost {
  bind(port: number): SimListener;
  bindUnix(path: string, options?: SimUnixListenOptions): SimUnixListener;
}

const places = new AsyncLocalStorage<Place>();

/** The host on which the caller runs. */
export function currentPlace(): Place | undefined {
  return places.getStore();
}

/** Begins TLS over a simulated socket. */
export function permitTls<T>(call: () => T): T {
  const world = currentWorld();
  return world === undefined ? call() : world.permitTls(call);
}

/** `(options | port, host?, options?, callback?)`, as `tls.connect` takes them. */
function tlsOptions(args: readonly unknown[]): Omit<ConnectionOptions, 'lookup'> & ConnectOptions {
  const [options] = normalized(args);
  const more = args.slice(1, 3).find((arg) => typeof arg === 'object' && arg !== null);
  return { ...options, ...more };
}

/** That of another connection, which is not resumed here. */
function checkSession(session: unknown): void {
  const isRight = !session || typeof session === 'string' || ArrayBuffer.isView(session);
  if (!isRight) throw wrongType('session', 'Buffer', session);
}

/** One host. */
export class Place implements Home {
  readonly host: BindingHost;
  readonly #network: PlaceNetwork;
  readonly #sockets = new Set<{ destroy(): unknown }>();

  constructor(host: BindingHost, network: PlaceNetwork) {
    this.host = host;
    this.#network = network;
  }

  /** Runs a body on this host. */
  enter<T>(body: () => T): T {
    return places.run(this, body);
  }

  /** What the name service says of a name, with the hosts that are there. */
  answer(name: string): Answer {
    const network = this.#network;
    const answer = network.names.answer(name, this.host.name);
    return { ...answer, hosts: answer.hosts.filter((host) => network.has(host)) };
  }

  /** Whether a host is there, by its name or its address. */
  isKnown(name: string): boolean {
    const { error, hosts } = this.answer(name);
    return error === undefined && hosts.length > 0;
  }

  /** The address of the first host that a name stands for. */
  addressOf(name: string): string {
    const { names } = this.#network;
    return names.addressOf(names.answer(name, this.host.name).hosts[0] ?? name);
  }

  /** The host that has an address. */
  hostAt(address: string): string | undefined {
    return this.#network.names.hostOf(address);
  }

  dial(host: string, port: number, signal: AbortSignal): Promise<SimStream> {
    return this.host.connect({ host, port }, { signal });
  }

  /** Tries addresses as Node does: the next one beside one that does not answer. */
  dialAny(addresses: readonly string[], port: number, signal: AbortSignal): Promise<SimStream> {
    const { clock } = this.host;
    return connectAny({
      destination: `${addresses.join(', ')} at ${port}`,
      hosts: addresses,
      clock,
      options: { signal },
      connect: (host, given) => this.dial(host, port, given),
    });
  }

  dialPath(path: string, signal: AbortSignal): Promise<SimUnixStream> {
    return this.host.connectUnix(path, { signal });
  }

  /** `new net.Socket()`. @throws what Node throws for wrong options */
  socket(options?: SocketOptions | null): SimSocket {
    checkSocketOptions(options);
    return new SimSocket(this, options ?? undefined);
  }

  /** `net.connect`. @throws what Node throws for wrong arguments */
  connect(args: readonly unknown[]): SimSocket {
    const [given] = normalized(args);
    checkSocketOptions(given);
    const [{ allowHalfOpen, signal, timeout }] = connectArguments(args);
    if (timeout) checkDelay('msecs', timeout);
    const socket = this.socket({ allowHalfOpen, signal });
    // Its signal has aborted.
    if (socket.destroyed) return socket;
    if (timeout) socket.setTimeout(timeout);
    return socket.connect(...args);
  }

  /** `tls.connect`: Node's own TLS, over a simulated socket. @throws what Node throws for wrong arguments */
  connectTls(args: readonly unknown[], real: (...args: never[]) => unknown): unknown {
    const options = tlsOptions(args);
    const { socket } = options;
    const callback = args.at(-1);
    const begin = (below: unknown): TLSSocket => {
      const host = options.host || 'localhost';
      const isName = typeof host === 'string' && isIP(host) === 0;
      const servername = options.servername ?? (isName ? host : '');
      // Agents keep sessions from run to run.
      const given = { ...options, servername, socket: below, session: undefined };
      const all = typeof callback === 'function' ? [given, callback] : [given];
      return Reflect.apply(real, undefined, all) as TLSSocket;
    };
    if (socket instanceof SimSocket) {
      socket.carryTls();
      return permitTls(() => begin(socket));
    }
    if (socket) return begin(socket);
    const below = new SimSocket(this, { carriesTls: true });
    let secure: TLSSocket | undefined;
    try {
      secure = permitTls(() => begin(below));
      const [target] = connectArguments([options]);
      if (target.timeout) secure.setTimeout(target.timeout);
      checkSession(options.session);
      below.connect(target);
      return secure;
    } catch (error) {
      secure?.destroy();
      // What Node has made by half listens for its end, and would fail there.
      if (secure === undefined) below.removeAllListeners();
      below.destroy();
      throw error;
    }
  }

  add(socket: { destroy(): unknown }): void {
    this.#sockets.add(socket);
  }

  remove(socket: { destroy(): unknown }): void {
    this.#sockets.delete(socket);
  }

  /** Destroys what is left at the end of a run: pools of a library outlive it. */
  clear(): void {
    for (const socket of this.#sockets) this.enter(() => socket.destroy());
  }
}
