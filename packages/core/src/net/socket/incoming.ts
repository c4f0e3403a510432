/** A connection that was accepted and is not claimed yet: a handle, or a socket of Node where handles are left alone. */

import type { Socket } from 'node:net';
import { InetAddress } from '../../vocabulary/address.ts';
import { HandleTransport } from './handle-transport.ts';
import type { SocketCarrier, SocketKind } from './socket-carrier.ts';
import { endpointsOf, type Endpoints } from './endpoints.ts';
import { SocketTransport } from './socket-transport.ts';
import {
  breakOff,
  type HandleAddress,
  type StreamHandle,
  type HandleBindings,
} from './stream-handle.ts';

export interface IncomingSocket {
  /** Whether it is gone before anybody claimed it. */
  readonly isGone: boolean;
  /** The IP address that it comes from. */
  readonly host: string | undefined;
  /**
   * Both addresses, asked while it is open.
   *
   * @param local - The address at this end, when it is known already.
   */
  ends(local: InetAddress | undefined): Endpoints;
  /** Makes the carrier of it; `gone` is called when it is gone. */
  claim(gone: () => void): SocketCarrier;
  /** Turns it away. Only TCP has an RST to send. */
  refuse(): void;
}

export class IncomingHandle implements IncomingSocket {
  readonly isGone = false;
  readonly #kind: SocketKind;
  readonly #handle: StreamHandle;
  readonly #kit: HandleBindings;
  #remote: InetAddress | undefined;

  constructor(kind: SocketKind, handle: StreamHandle, kit: HandleBindings) {
    this.#kind = kind;
    this.#handle = handle;
    this.#kit = kit;
  }

  get host(): string | undefined {
    const host = this.#kind === 'tcp' ? this.#peer.host : '';
    return host === '' ? undefined : host;
  }

  get #peer(): InetAddress {
    this.#remote ??= told((into) => this.#handle.getpeername?.(into));
    return this.#remote;
  }

  ends(local: InetAddress | undefined): Endpoints {
    return {
      local: local ?? told((into) => this.#handle.getsockname?.(into)),
      remote: this.#peer,
    };
  }

  claim(gone: () => void): SocketCarrier {
    return new HandleTransport(this.#kind, this.#handle, this.#kit, gone);
  }

  refuse(): void {
    breakOff(this.#handle, ignore);
  }
}

export class IncomingNodeSocket implements IncomingSocket {
  readonly #kind: SocketKind;
  readonly #socket: Socket;

  constructor(kind: SocketKind, socket: Socket) {
    this.#kind = kind;
    this.#socket = socket;
  }

  get isGone(): boolean {
    return this.#socket.destroyed;
  }

  get host(): string | undefined {
    return this.#socket.remoteAddress;
  }

  ends(local: InetAddress | undefined): Endpoints {
    return endpointsOf(this.#socket, local);
  }

  claim(gone: () => void): SocketCarrier {
    const transport = new SocketTransport(this.#kind, gone);
    transport.attach(this.#socket, false);
    return transport;
  }

  refuse(): void {
    if (this.#kind === 'tcp') this.#socket.resetAndDestroy();
    else this.#socket.destroy();
  }
}

const ignore = (): void => {};

/** The address that a handle writes; an empty one when the connection is gone already, as Node's sockets have it. */
function told(ask: (into: HandleAddress) => void): InetAddress {
  asked.address = '';
  asked.port = 0;
  ask(asked);
  const host = asked.address;
  if (host !== lastHost) lastHost = host;
  return new InetAddress(lastHost, asked.port);
}

/** Where handles write addresses. With all fields in place: native code adds them far more slowly than it sets them. */
const asked = { address: '', family: '', port: 0 } satisfies HandleAddress;

/** Connections in a row from one host, such as a proxy's, keep one text of it, and not one each. */
let lastHost = '';
