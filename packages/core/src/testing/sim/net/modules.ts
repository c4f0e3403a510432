/** The modules of Node of one host, and those of whichever host the caller runs on. */

import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import tls from 'node:tls';
import { invalidInput } from '../../../vocabulary/errors.ts';
import type { HostModules } from '../network/types.ts';
import type { Place } from './place.ts';
import { SimSocket, type SocketOptions } from './socket.ts';

/** The modules that are on the network of a simulated host. */
const MODULES: Readonly<Record<string, object>> = {
  net,
  tls,
  dns,
  'dns/promises': dnsPromises,
  http,
  https,
};

/** The servers that were made by the modules of a host. */
export const homes: WeakMap<object, Place> = new WeakMap();

/** The modules of a host, for code that runs elsewhere. */
export function modulesOf(place: Place): HostModules {
  const connect = (...args: readonly unknown[]): SimSocket => place.connect(args);
  const Socket = function (options?: SocketOptions): SimSocket {
    return new SimSocket(place, options);
  };
  Socket.prototype = SimSocket.prototype;
  const server = (create: (...args: never[]) => object) => {
    return (...args: readonly unknown[]): object => {
      const made = Reflect.apply(create, undefined, args as never[]);
      homes.set(made, place);
      return made;
    };
  };
  const here = (call: unknown) => {
    return (...args: readonly unknown[]): unknown =>
      place.enter(() => Reflect.apply(call as () => unknown, undefined, args as never[]));
  };
  const createServer = server(net.createServer);
  return {
    net: {
      ...net,
      connect,
      createConnection: connect,
      createServer,
      Socket,
      Stream: Socket,
    } as unknown as typeof net,
    tls: {
      ...tls,
      connect: here(tls.connect),
      createServer: server(tls.createServer),
    } as unknown as typeof tls,
    dns: {
      ...dns,
      lookup: here(dns.lookup),
      resolve: here(dns.resolve),
      resolve4: here(dns.resolve4),
      resolve6: here(dns.resolve6),
    } as unknown as typeof dns,
  };
}

/**
 * A module of Node for a test runner that replaces modules: it is that of the host on which the caller runs, and the real
 * one outside of a simulation.
 *
 * Code that loads its modules after `@awaitio/core/testing` needs none of this: there `node:net` itself does the same.
 *
 * @param name - `net`, `tls`, `dns`, `dns/promises`, `http` or `https`, with or without `node:`.
 * @returns What the module exports, and itself as `default`.
 * @throws `InvalidInputError` for any other name.
 *
 * @example
 * ```ts
 * import { virtualModule } from '@awaitio/core/testing';
 *
 * const { isIP, default: net } = virtualModule('node:net') as typeof import('node:net') & {
 *   default: typeof import('node:net');
 * };
 * console.log(isIP('::1'), typeof net.connect); // 6 function
 * ```
 */
export function virtualModule(name: string): Readonly<Record<string, unknown>> {
  const module = typeof name === 'string' ? MODULES[name.replace(/^node:/, '')] : undefined;
  if (module === undefined) {
    throw invalidInput('virtualModule', 'name', `one of ${Object.keys(MODULES).join(', ')}`, name);
  }
  return { ...module, default: module };
}
