/** A connection that was accepted by the kernel and not yet by the application: a handle, or a `net.Socket`. */

import type { Socket } from 'node:net';
import { InetAddress } from '../../vocabulary/address.ts';
import { HandleTransport } from './handle-transport.ts';
import type { SocketCarrier, SocketKind } from './socket-carrier.ts';
import { endpointsOf, type Endpoints } from './endpoints.ts';
import { SocketTransport } from './socket-transport.ts';
import {
  resetOrClose,
  type HandleAddress,
  type StreamHandle,
  type HandleBindings,
} from './stream-handle.ts';

export interface IncomingSocket {
  /** Whether it was closed before it was accepted. */
  readonly isClosed: boolean;
  /** The IP address of the peer. */
  readonly host: string | undefined;
  /**
   * Both addresses, to be read while it is open.
   *
   * @param local - The local address, when it is already known.
   */
  endpoints(local: InetAddress | undefined): Endpoints;
  /** Makes its carrier; `closed` is called when the socket is closed. */
  accept(closed: () => void): SocketCarrier;
  /** Refuses the connection: with an RST over TCP, where there is one. */
  reject(): void;
}

export class IncomingHandle implements IncomingSocket {
  readonly isClosed = false;
  readonly #kind: SocketKind;
  readonly #handle: StreamHandle;
  readonly #bindings: HandleBindings;
  #remote: InetAddress | undefined;

  constructor(kind: SocketKind, handle: StreamHandle, bindings: HandleBindings) {
    this.#kind = kind;
    this.#handle = handle;
    this.#bindings = bindings;
  }

  get host(): string | undefined {
    const host = this.#kind === 'tcp' ? this.#peer.host : '';
    return host === '' ? undefined : host;
  }

  get #peer(): InetAddress {
    this.#remote ??= readAddress((into) => this.#handle.getpeername?.(into));
    return this.#remote;
  }

  endpoints(local: InetAddress | undefined): Endpoints {
    return {
      local: local ?? readAddress((into) => this.#handle.getsockname?.(into)),
      remote: this.#peer,
    };
  }

  accept(closed: () => void): SocketCarrier {
    return new HandleTransport(this.#kind, this.#handle, this.#bindings, closed);
  }

  reject(): void {
    resetOrClose(this.#handle, ignore);
  }
}

export class IncomingNodeSocket implements IncomingSocket {
  readonly #kind: SocketKind;
  readonly #socket: Socket;

  constructor(kind: SocketKind, socket: Socket) {
    this.#kind = kind;
    this.#socket = socket;
  }

  get isClosed(): boolean {
    return this.#socket.destroyed;
  }

  get host(): string | undefined {
    return this.#socket.remoteAddress;
  }

  endpoints(local: InetAddress | undefined): Endpoints {
    return endpointsOf(this.#socket, local);
  }

  accept(closed: () => void): SocketCarrier {
    const transport = new SocketTransport(this.#kind, closed);
    transport.attach(this.#socket, false);
    return transport;
  }

  reject(): void {
    if (this.#kind === 'tcp') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }
}

const ignore = (): void => {};

/** Reads an address of a handle; an empty one when the connection is already closed, as `net.Socket` has it. */
function readAddress(read: (into: HandleAddress) => void): InetAddress {
  scratch.address = '';
  scratch.port = 0;
  read(scratch);
  const host = scratch.address;
  if (host !== lastHost) lastHost = host;
  return new InetAddress(lastHost, scratch.port);
}

/** The object that handles fill in. It has all its fields from the start: native code adds fields far more slowly. */
const scratch = { address: '', family: '', port: 0 } satisfies HandleAddress;

/** The last host: consecutive connections from one host, such as a proxy, share one string. */
let lastHost = '';
