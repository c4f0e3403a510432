/**
 * Addresses to listen on and to connect to: the forms that callers may write, and the one form that the code works
 * with.
 *
 * Written as text, an address is `host:port`, with an IPv6 host in brackets (`[::1]:80`), as in a URL (RFC 3986
 * section 3.2.2). A host without brackets must not contain a colon: `::1:80` is rejected, not guessed at.
 */

import { invalidInput } from './errors.ts';

/** A host (name or IP address) and a TCP or UDP port. */
export interface HostPort {
  /** A name or an IP address, without brackets. */
  readonly host: string;
  /** 0 to 65535; with 0 a listener gets a free port from the system. */
  readonly port: number;
}

/** A Unix domain socket's path; on Linux an abstract name starts with `\0`. */
export interface SocketPath {
  /** The path of the socket file, or an abstract name. */
  readonly path: string;
}

/** Every way to write an address: `'127.0.0.1:1234'`, `{ host, port }` or `{ path }`. */
export type AddressLike = string | Readonly<Partial<HostPort>> | SocketPath;

/** A resolved address of one end of a connection, printable with `String(address)`. */
export type Address = InetAddress | PathAddress;

/** An IP address and port. */
export class InetAddress {
  readonly kind = 'inet';
  readonly host: string;
  readonly port: number;

  constructor(host: string, port: number) {
    if (typeof host !== 'string') throw invalidInput('InetAddress', 'host', 'a string', host);
    if (typeof port !== 'number') throw invalidInput('InetAddress', 'port', 'a number', port);
    this.host = host;
    this.port = port;
  }

  /** `host:port`, with an IPv6 host in brackets. */
  toString(): string {
    return this.host.includes(':') ? `[${this.host}]:${this.port}` : `${this.host}:${this.port}`;
  }
}

/** The address of a Unix domain socket; a client's end is usually unnamed and prints as `unix:`. */
export class PathAddress {
  readonly kind = 'path';
  readonly path: string;

  constructor(path: string) {
    if (typeof path !== 'string') throw invalidInput('PathAddress', 'path', 'a string', path);
    this.path = path;
  }

  /** `unix:` and the path; the NUL of an abstract name is shown as `@`, as `ss` and systemd do. */
  toString(): string {
    return `unix:${this.path.replace(/^\0/, '@')}`;
  }
}

/**
 * Parses an address in any of its forms.
 *
 * @param address - `'host:port'`, `'[v6]:port'`, `{ host, port }` or `{ path }`.
 * @param operation - The public call that received the address, for the message.
 * @param defaultHost - The host for an address that names only a port.
 * @throws {@link InvalidInputError} when a part is missing, or the port is not a whole number from 0 to 65535.
 */
export function parseAddress(
  address: AddressLike,
  operation: string,
  defaultHost: string,
): HostPort | SocketPath {
  if (typeof address === 'string') return parseText(address, operation, defaultHost);
  if (typeof address !== 'object' || address === null) throw invalidAddress(operation, address);
  if ('path' in address && address.path !== undefined) {
    if (typeof address.path !== 'string' || address.path === '') {
      throw invalidInput(operation, 'path', 'a non-empty string', address.path);
    }
    return { path: address.path };
  }
  const { host = defaultHost, port } = address as Partial<HostPort>;
  if (typeof host !== 'string' || host === '') {
    throw invalidInput(operation, 'host', 'a non-empty string', host);
  }
  return { host, port: checkPort(port, operation) };
}

const TEXT_FORM = /^(?:\[([^\]]+)\]|([^:[\]]*)):(\d+)$/;

function parseText(text: string, operation: string, defaultHost: string): HostPort {
  const match = TEXT_FORM.exec(text);
  if (match === null) throw invalidAddress(operation, text);
  const host = match[1] ?? match[2] ?? '';
  return {
    host: host === '' ? defaultHost : host,
    port: checkPort(Number(match[3]), operation),
  };
}

function checkPort(port: unknown, operation: string): number {
  if (typeof port !== 'number' || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw invalidInput(operation, 'port', 'a whole number from 0 to 65535', port);
  }
  return port;
}

function invalidAddress(operation: string, address: unknown): Error {
  return invalidInput(
    operation,
    'address',
    "'host:port' (an IPv6 host in brackets), { host, port } or { path }",
    address,
  );
}
