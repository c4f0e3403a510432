/**
 * Pools of connections that a process has for all: `http.globalAgent`, an agent that a module made, and the dispatcher of `fetch`.
 *
 * The hosts of a run share a process, and no connections. So an agent of `node:http` keeps those of each life of a host apart, by the name
 * under which it pools them; and `fetch` has one dispatcher for each life, from the start of the run to its end.
 */

import type Http from 'node:http';
import { builtinModule, coverCall, realms } from '../guard/indirection.ts';

const http = builtinModule('node:http') as typeof Http;

const OWNER = Symbol('the host whose connections these are');
const numbers = new WeakMap<object, number>();
let last = 0;

function numberOf(owner: object): number {
  let number = numbers.get(owner);
  if (number === undefined) {
    last += 1;
    number = last;
    numbers.set(owner, number);
  }
  return number;
}

/** Keeps the connections of hosts apart in agents of `node:http`. */
export function coverAgents(): void {
  const owner = (): object => http.Agent.prototype;
  coverCall(owner, 'addRequest', (world, { self, args, real }) => {
    const [request, options, ...rest] = args;
    const host = world.owner();
    const given =
      host === undefined || typeof options !== 'object'
        ? options
        : { ...options, [OWNER]: numberOf(host) };
    return Reflect.apply(real, self, [request, given, ...rest]);
  });
  coverCall(owner, 'getName', (_world, { self, args, real }) => {
    const [options] = args as ({ readonly [OWNER]?: number } | undefined)[];
    const name = Reflect.apply(real, self, args) as string;
    const number = options?.[OWNER];
    return number === undefined ? name : `${name}:host ${number}`;
  });
}

/** Where undici, also that of Node, has its dispatcher; a later version keeps the earlier one for others. */
const DISPATCHERS = [2, 1].map((version) => Symbol.for(`undici.globalDispatcher.${version}`));
/** That of an earlier version, around one of a later. */
const WRAPPER = 'Dispatcher1Wrapper';

type Dispatcher = object;
type DispatcherClass = new (inner?: Dispatcher) => Dispatcher;

/** The dispatchers of one run: one for each life of a host. */
class Dispatchers {
  readonly #real: Dispatcher;
  readonly #inner: Dispatchers | undefined;
  readonly #made = new WeakMap<object, Dispatcher>();

  constructor(real: Dispatcher, inner: Dispatchers | undefined) {
    this.#real = real;
    this.#inner = inner;
  }

  of(owner: object | undefined): Dispatcher {
    if (owner === undefined) return this.#real;
    let dispatcher = this.#made.get(owner);
    if (dispatcher === undefined) {
      const Class = this.#real.constructor as DispatcherClass;
      dispatcher =
        Class.name === WRAPPER && this.#inner !== undefined
          ? new Class(this.#inner.of(owner))
          : new Class();
      this.#made.set(owner, dispatcher);
    }
    return dispatcher;
  }
}

/** Gives each life a dispatcher. @returns puts back what was there */
export function beginDispatchers(ownerOf: () => object | undefined): () => void {
  const restores = realms.flatMap((globals) => {
    let inner: Dispatchers | undefined;
    return DISPATCHERS.map((symbol) => {
      const owner = globals();
      const real: unknown = Reflect.get(owner, symbol);
      if (typeof real !== 'object' || real === null) return () => {};
      const dispatchers = new Dispatchers(real, inner);
      inner = dispatchers;
      const shown = new Proxy(real, {
        get: (_real, name) => {
          const dispatcher = dispatchers.of(ownerOf());
          const value: unknown = Reflect.get(dispatcher, name, dispatcher);
          if (typeof value !== 'function' || name === 'constructor') return value;
          return value.bind(dispatcher) as unknown;
        },
      });
      Reflect.set(owner, symbol, shown);
      return () => {
        // A program may have put another there.
        if (Reflect.get(owner, symbol) === shown) Reflect.set(owner, symbol, real);
      };
    });
  });
  return () => {
    for (const restore of restores) restore();
  };
}
