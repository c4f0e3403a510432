/** Where code runs: a host of a simulated network, as the modules of Node see it. */

import { AsyncLocalStorage } from 'node:async_hooks';
import { isIP, type Socket } from 'node:net';
import type { ConnectionOptions } from 'node:tls';
import { currentWorld } from '../guard/indirection.ts';
import type { SimStream } from '../wire/stream.ts';
import type { SimHost, SimListener } from '../network/types.ts';
import type { SimUnixStream } from '../unix/unix-stream.ts';
import type { SimUnixListener, SimUnixListenOptions } from '../unix/unix-types.ts';
import { connectArguments, type ConnectOptions } from './arguments.ts';
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

  /** `new net.Socket()`. */
  socket(options?: SocketOptions): SimSocket {
    return new SimSocket(this, options);
  }

  /** `net.connect`. */
  connect(args: readonly unknown[]): SimSocket {
    const [{ allowHalfOpen, signal }] = connectArguments(args);
    return this.socket({ allowHalfOpen, signal }).connect(...args);
  }

  /** `tls.connect`: Node's own TLS, over a simulated socket. */
  connectTls(args: readonly unknown[], real: (...args: never[]) => unknown): unknown {
    const [first, second] = args;
    const last = args.at(-1);
    const callback = typeof last === 'function' ? [last] : [];
    const options = {
      ...(typeof first === 'number' || typeof first === 'string' ? { port: first } : {}),
      ...(typeof second === 'string' ? { host: second } : {}),
      ...args.find((arg): arg is object => typeof arg === 'object' && arg !== null),
    } as ConnectionOptions & ConnectOptions;
    const { host = 'localhost', path, port, lookup } = options;
    let socket: unknown = options.socket ?? undefined;
    if (socket instanceof SimSocket) socket.carryTls();
    socket ??= this.socket({ carriesTls: true }).connect({ host, path, port, lookup });
    const servername = options.servername ?? (isIP(host) === 0 ? host : '');
    // Agents keep sessions from run to run.
    const given = { ...options, servername, socket: socket as Socket, session: undefined };
    const connect = (): unknown => Reflect.apply(real, undefined, [given, ...callback]);
    return socket instanceof SimSocket ? permitTls(connect) : connect();
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
