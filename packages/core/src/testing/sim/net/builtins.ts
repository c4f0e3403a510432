/**
 * The modules of Node on simulated hosts: inside a simulation, code of a host that uses `node:net`, `node:tls`, `node:http`,
 * `node:https` or `node:dns` is on the simulated network, and needs no replaced module.
 *
 * Layers over the functions of these modules do that, as for timers: also for functions that a library keeps when it loads,
 * if `@awaitio/core/testing` was loaded first. Outside of a simulation they pass through.
 */

import { constants } from 'node:crypto';
import type Http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import {
  builtinModule,
  cover,
  coverCall,
  currentWorld,
  insideWorld,
  layerOver,
  markLayer,
  prototypeOf,
  syncImports,
  type AnyFunction,
  type Inside,
  type World,
} from '../guard/indirection.ts';
import { Timeout } from '../guard/timers.ts';
import { coverAgents } from './agents.ts';
import { checkDelay, checkFunction } from './checks.ts';
import { takesHandle } from './modules.ts';
import { coverNames } from './names-service.ts';
import type { Place } from './place.ts';
import { isSocket } from './brand.ts';
import type { SocketOptions } from './socket.ts';

const { SSL_OP_NO_TICKET } = constants;
const http = builtinModule('node:http') as typeof Http;

const ofNet = (): object => net;
const ofTls = (): object => tls;
const ofSockets = (): object => net.Socket.prototype;
/** The host on which the caller runs, of whichever copy of this package. */
export const placeIn = ({ place }: World): Place | undefined => place() as Place | undefined;

/** On a host the call is virtual; elsewhere in a simulation the socket that is opened is refused. */
function onHost(
  owner: () => object,
  name: string,
  call: (place: Place, args: readonly unknown[], real: AnyFunction, self: unknown) => unknown,
): void {
  const inside: Inside = (world, { self, args, real }) => {
    const place = placeIn(world);
    return place === undefined ? Reflect.apply(real, self, args) : call(place, args, real, self);
  };
  cover(owner, name, (real) => layerOver(real, insideWorld(inside)));
}

/** `net.Socket`: what is made on a host, and is given neither a handle nor a descriptor, is simulated. */
function socketLayer(real: AnyFunction): AnyFunction {
  const layer = function (this: unknown, ...args: unknown[]): unknown {
    const target = new.target as AnyFunction | undefined;
    if (target === undefined) return Reflect.apply(real, this, args);
    const world = target === layer ? currentWorld() : undefined;
    const place = world === undefined ? undefined : placeIn(world);
    return place === undefined || takesHandle(args[0])
      ? Reflect.construct(real, args, target === layer ? real : target)
      : place.socket(args[0] as SocketOptions | null | undefined);
  };
  markLayer(layer, real);
  const prototype = prototypeOf(real);
  Object.defineProperty(layer, 'prototype', { value: prototype, writable: false });
  Object.defineProperty(layer, Symbol.hasInstance, {
    value: (value: unknown) =>
      isSocket(value) || Function.prototype[Symbol.hasInstance].call(real, value),
  });
  Object.setPrototypeOf(layer, Object.getPrototypeOf(real) as object);
  return layer;
}

/** The timeouts of Node's own sockets, which are those of TLS here; and the order in which a server of HTTP closes its connections. */
function coverIdling(): void {
  const idle = new WeakMap<object, Timeout>();
  /** Those whose end is awaited: a timeout is set for each request. */
  const watched = new WeakSet<object>();
  onHost(ofSockets, 'setTimeout', (_place, [delay, callback], _real, self) => {
    const socket = self as net.Socket;
    if (socket.destroyed) return socket;
    checkDelay('msecs', delay);
    if (callback !== undefined) checkFunction('callback', callback);
    Reflect.set(socket, 'timeout', delay);
    idle.get(socket)?.close();
    idle.delete(socket);
    if (typeof callback === 'function') {
      socket[delay > 0 ? 'once' : 'off']('timeout', callback as () => void);
    }
    if (delay > 0) {
      const timeout = new Timeout(() => socket.emit('timeout'), delay, [], false).unref();
      idle.set(socket, timeout);
      if (!watched.has(socket)) {
        watched.add(socket);
        socket.once('close', () => idle.get(socket)?.close());
      }
    }
    return socket;
  });
  onHost(ofSockets, '_unrefTimer', (_place, args, real, self) => {
    idle.get(self as object)?.refresh();
    return Reflect.apply(real, self, args);
  });
  for (const name of ['closeIdleConnections', 'closeAllConnections']) {
    coverCall(
      () => http.Server.prototype,
      name,
      ({ inOrder }, { self, args, real }) => inOrder(() => Reflect.apply(real, self, args)),
    );
  }
}

/** `Date` of an answer of `node:http` is of the real time, which Node keeps for itself. */
function coverDates(): void {
  coverCall(
    () => http.OutgoingMessage.prototype,
    '_storeHeader',
    ({ wallTime }, { self, args, real }) => {
      const message = self as { sendDate: boolean };
      const [firstLine, headers] = args;
      const isDated = !message.sendDate || hasDate(headers);
      if (isDated) return Reflect.apply(real, self, args);
      message.sendDate = false;
      const date = new Date(wallTime()).toUTCString();
      return Reflect.apply(real, self, [`${String(firstLine)}Date: ${date}\r\n`, headers]);
    },
  );
}

function hasDate(headers: unknown): boolean {
  if (typeof headers !== 'object' || headers === null) return false;
  const names = Array.isArray(headers)
    ? headers.flatMap((entry: unknown) => (Array.isArray(entry) ? [entry[0] as unknown] : [entry]))
    : Object.keys(headers);
  return names.some((name) => String(name).toLowerCase() === 'date');
}

/** Makes everything that reaches the network a layer. */
export function coverBuiltins(): void {
  const connect = (place: Place, args: readonly unknown[]): unknown => place.connect(args);
  for (const name of ['connect', 'createConnection']) onHost(ofNet, name, connect);
  onHost(() => http.Agent.prototype, 'createConnection', connect);
  cover(ofNet, 'Socket', socketLayer);
  cover(ofNet, 'Stream', socketLayer);
  onHost(ofTls, 'connect', (place, args, real) => place.connectTls(args, real));
  // The length of a ticket is random.
  coverCall(ofTls, 'createSecureContext', (_world, { self, args, real }) => {
    const options = (args[0] || {}) as { readonly secureOptions?: unknown };
    // What Node refuses it is given as it is.
    const isBag = typeof options === 'object' && !Array.isArray(options);
    const flags = isBag ? options.secureOptions || 0 : undefined;
    if (!Number.isInteger(flags)) return Reflect.apply(real, self, args);
    const secureOptions = (flags as number) | SSL_OP_NO_TICKET;
    return Reflect.apply(real, self, [{ ...options, secureOptions }]);
  });
  coverAgents();
  coverIdling();
  coverDates();
  coverNames();
  syncImports();
}
