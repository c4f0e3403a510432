/** The modules of Node of one host, and those of whichever host the caller runs on. */

import dns from 'node:dns';
import net from 'node:net';
import tls from 'node:tls';
import { invalidInput } from '../../../vocabulary/errors.ts';
import { builtinModule, type AnyFunction } from '../guard/indirection.ts';
import type { HostModules } from '../../../net/host-modules.ts';
import { NAME_CALLS } from './names-service.ts';
import type { Place } from './place.ts';
import { SimSocket, type SocketOptions } from './socket.ts';

/** The servers that were made by the modules of a host. */
export const homes: WeakMap<object, Place> = new WeakMap();

/** Whether a socket is made of what the program has of the real system: Node makes it, or says what is wrong. */
export function takesHandle(options: unknown): boolean {
  if (typeof options === 'number') return true;
  const { fd, handle } = (options ?? {}) as { readonly fd?: unknown; readonly handle?: unknown };
  return Boolean(handle) || fd !== undefined;
}

/** The modules of a host, for code that runs elsewhere. */
export function modulesOf(place: Place): HostModules {
  const connect = (...args: readonly unknown[]): SimSocket => place.connect(args);
  const Socket = function (options?: SocketOptions | null): unknown {
    return takesHandle(options) ? Reflect.construct(net.Socket, [options]) : place.socket(options);
  };
  Socket.prototype = SimSocket.prototype;
  const server = (create: (...args: never[]) => object) => {
    return (...args: readonly unknown[]): object => {
      const made = Reflect.apply(create as AnyFunction, undefined, args) as object;
      homes.set(made, place);
      return made;
    };
  };
  const here = (call: unknown) => {
    return (...args: readonly unknown[]): unknown =>
      place.enter(() => Reflect.apply(call as AnyFunction, undefined, args));
  };
  const names = (owner: object): object => ({
    ...owner,
    ...Object.fromEntries(NAME_CALLS.map((name) => [name, here(Reflect.get(owner, name))])),
  });
  const resolver = (Real: new (...args: never[]) => object): unknown => {
    class Resolver extends Real {}
    for (const name of NAME_CALLS) {
      if (name === 'lookup') continue;
      const value = function (this: unknown, ...args: readonly unknown[]): unknown {
        const call = Reflect.get(Real.prototype, name) as AnyFunction;
        return place.enter(() => Reflect.apply(call, this, args));
      };
      Object.defineProperty(Resolver.prototype, name, {
        value,
        configurable: true,
        writable: true,
      });
    }
    return Resolver;
  };
  const createServer = server(net.createServer);
  // Their types have overloads, and classes, which say nothing that is not so here.
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
      ...names(dns),
      Resolver: resolver(dns.Resolver),
      promises: { ...names(dns.promises), Resolver: resolver(dns.promises.Resolver) },
    } as unknown as typeof dns,
  };
}

/**
 * A module of Node for a test runner that replaces modules. In a simulation it is virtual: `node:net`, `node:tls`, `node:http` and
 * `node:dns` are on the host on which the caller runs, `node:timers` and `node:crypto` have its time and its chance. Outside of a
 * simulation it is the real one.
 *
 * It is for Jest, which gives the named imports of ES modules the functions that were there before `@awaitio/core/testing`, and for what
 * was loaded before. Everywhere else the modules of Node do this by themselves.
 *
 * @param name - The name of a module of Node, with or without `node:`.
 * @returns What the module exports, and itself as `default`.
 * @throws `InvalidInputError` for any other name.
 *
 * @example
 * ```ts
 * import { virtualModule } from '@awaitio/core/testing';
 *
 * // In a test of Jest: jest.unstable_mockModule('node:net', () => virtualModule('node:net'));
 * // In a test of Vitest: vi.mock('node:net', () => virtualModule('node:net'));
 * const { isIP } = virtualModule('node:net') as unknown as typeof import('node:net');
 * console.log(isIP('::1')); // 6
 * ```
 */
export function virtualModule(name: string): Readonly<Record<string, unknown>> {
  const module = typeof name === 'string' ? builtinModule(name) : undefined;
  if (typeof module !== 'object' || module === null) {
    throw invalidInput('virtualModule', 'name', 'the name of a module of Node', name);
  }
  return { ...module, default: module };
}
