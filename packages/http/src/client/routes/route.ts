/** How a connection to an origin is opened: over TCP or a Unix socket, then TLS; each phase with a deadline. */

import {
  TcpStream,
  UnixStream,
  type ByteStream,
  type SocketPath,
  type WaitOptions,
} from '@awaitio/core';
import type { ClientTls, Secure } from './client-tls.ts';
import type { Target } from './target.ts';

/** Connects to `host:port`; `TcpStream.connect` and a simulated host's `connect` both fit. */
export type Connect = (address: string, options: WaitOptions) => Promise<ByteStream>;

/** Connects to the path of a Unix socket; `UnixStream.connect` and a simulated host's `connectUnix` both fit. */
export type ConnectUnix = (address: SocketPath, options: WaitOptions) => Promise<ByteStream>;

/** How to open a connection. */
export interface Route {
  /** Opens the stream, as the program's `connect` does: it may ignore what it is given. */
  readonly connect: (options: WaitOptions) => Promise<ByteStream>;
  /** Secures it: the phase `tls`. */
  readonly secure: Secure | undefined;
}

/** What a client connects with. */
export interface Dialing {
  readonly connect: Connect | undefined;
  readonly connectTls: Connect | undefined;
  readonly connectUnix: ConnectUnix | undefined;
  readonly tls: ClientTls;
}

/** The direct way to a target. */
export function directRoute(target: Target, dialing: Dialing): Route {
  const { address } = target;
  const { connect = connectTcp, connectTls, connectUnix = connectSocket } = dialing;
  if (typeof address !== 'string') {
    return { connect: (options) => connectUnix(address, options), secure: undefined };
  }
  if (!target.isSecure)
    return { connect: (options) => connect(address, options), secure: undefined };
  if (connectTls !== undefined) {
    return { connect: (options) => connectTls(address, options), secure: undefined };
  }
  return {
    connect: (options) => connect(address, options),
    secure: dialing.tls.to(hostOf(address)),
  };
}

const connectTcp: Connect = (address, options) => TcpStream.connect(address, options);

const connectSocket: ConnectUnix = (address, options) => UnixStream.connect(address, options);

/** The host of `host:port`; an IPv6 address without brackets. */
export function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(':')).replaceAll(/[[\]]/g, '');
}
