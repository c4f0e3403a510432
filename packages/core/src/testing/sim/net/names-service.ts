/** `node:dns` on a simulated host: the name service of the run (`sim.dns`), with an address for each host. */

import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { isIP } from 'node:net';
import {
  insideWorld,
  layerOver,
  cover,
  type AnyFunction,
  type World,
} from '../guard/indirection.ts';
import { later, soon } from '../guard/timers.ts';
import { checkFunction, checkString, wrongValue } from './checks.ts';
import { systemError } from './errors.ts';
import type { Place } from './place.ts';

type Callback = (error: Error | null, ...values: readonly unknown[]) => void;

interface LookupOptions {
  readonly all?: boolean | undefined;
  readonly family?: number | string | undefined;
}

/** What a call answers, and after how many milliseconds. @throws Error when there is no such host */
interface Reply {
  readonly delay: number;
  readonly values: readonly unknown[] | Error;
}

type Ask = (place: Place, name: string, options: unknown) => Reply;

/** Asks the name service, and makes an answer of the addresses. */
function replyOf(
  place: Place,
  call: string,
  name: string,
  valuesOf: (addresses: readonly string[], ttl: number) => readonly unknown[] | Error,
): Reply {
  const { delay, error, hosts, ttl } = place.answer(name);
  const code = error ?? (hosts.length === 0 ? 'ENOTFOUND' : undefined);
  const values =
    code === undefined
      ? valuesOf(
          hosts.map((host) => place.addressOf(host)),
          ttl,
        )
      : systemError(call, code, { hostname: name });
  return { delay, values };
}

const lookup: Ask = (place, name, options) => {
  const given = (
    typeof options === 'object' ? (options ?? {}) : { family: options }
  ) as LookupOptions;
  return replyOf(place, 'getaddrinfo', name, (addresses) => {
    if (given.family === 6 || given.family === 'IPv6') {
      return systemError('getaddrinfo', 'ENOTFOUND', { hostname: name });
    }
    return given.all === true
      ? [addresses.map((address) => ({ address, family: 4 }))]
      : [addresses[0], 4];
  });
};

const resolve4: Ask = (place, name, options) => {
  const isTimed = Boolean((options as { ttl?: unknown } | null | undefined)?.ttl);
  return replyOf(place, 'queryA', name, (addresses, ttl) =>
    isTimed ? [addresses.map((address) => ({ address, ttl }))] : [addresses],
  );
};

/** A name that exists, and has nothing of what was asked for. */
const nothing =
  (call: string): Ask =>
  (place, name) =>
    replyOf(place, call, name, () => systemError(call, 'ENODATA', { hostname: name }));

const resolve6 = nothing('queryAaaa');

const resolve: Ask = (place, name, type) => {
  if (type === undefined || type === 'A') return resolve4(place, name, undefined);
  const record = typeof type === 'string' ? type : '';
  const call = `query${record.charAt(0)}${record.slice(1).toLowerCase()}`;
  return nothing(call)(place, name, undefined);
};

const reverse: Ask = (place, address) => {
  const host = place.hostAt(address);
  const values =
    host === undefined
      ? systemError('getHostByAddr', 'ENOTFOUND', { hostname: address })
      : [[host]];
  return { delay: 0, values };
};

/** The records that no simulated name has, each with a call of `node:dns`. */
const OTHERS = [
  'Any',
  'Caa',
  'Cname',
  'Mx',
  'Naptr',
  'Ns',
  'Ptr',
  'Soa',
  'Srv',
  'Tlsa',
  'Txt',
].filter((record) => `resolve${record}` in dns);

const ANSWERS: Readonly<Record<string, Ask>> = {
  lookup,
  resolve,
  resolve4,
  resolve6,
  reverse,
  ...Object.fromEntries(OTHERS.map((record) => [`resolve${record}`, nothing(`query${record}`)])),
};

/** The calls of `node:dns` that a simulated name service answers. */
export const NAME_CALLS: readonly string[] = Object.keys(ANSWERS);

/** Makes the calls of `node:dns` layers. */
export function coverNames(): void {
  const withCallbacks = [(): object => dns, (): object => dns.Resolver.prototype];
  const asPromises = [(): object => dnsPromises, (): object => dnsPromises.Resolver.prototype];
  for (const [name, answer] of Object.entries(ANSWERS)) {
    // A resolver has no `lookup`.
    const count = name === 'lookup' ? 1 : 2;
    for (const owner of withCallbacks.slice(0, count)) {
      onHost(owner, name, callbackForm(name, answer));
    }
    for (const owner of asPromises.slice(0, count)) onHost(owner, name, promiseForm(name, answer));
  }
}

/** What was called, and the function of Node. */
interface Call {
  readonly self: unknown;
  readonly args: readonly unknown[];
  readonly real: AnyFunction;
}

type OnHost = (world: World, place: Place, call: Call) => unknown;

/** A host for which Node asks no server, so that its own lookup checks the other arguments. */
const LITERAL = '127.0.0.1';
const ignore = (): void => {};

/** Has Node check the arguments of a lookup. @returns Whether Node answers it: there is no name. @throws what Node throws */
function checkLookup({ self, args, real }: Call): boolean {
  const [name, ...rest] = args;
  if (typeof name !== 'string' || name === '') return true;
  const given = rest.map((value) => (typeof value === 'function' ? ignore : value));
  Reflect.apply(real, self, [LITERAL, ...given]);
  return false;
}

/** @throws what Node throws */
function checkQuery(method: string, name: unknown, type: unknown): void {
  if (method === 'resolve') checkRecord(type);
  checkString('name', name);
  if (method !== 'reverse' || isIP(name) !== 0) return;
  throw systemError('getHostByAddr', 'EINVAL', { hostname: name });
}

function checkRecord(type: unknown): void {
  checkString('rrtype', type);
  const isKnown = ['A', 'AAAA', ...OTHERS.map((record) => record.toUpperCase())].includes(type);
  if (!isKnown) throw wrongValue('rrtype', type);
}

function callbackForm(method: string, answer: Ask): OnHost {
  return (world, place, call) => {
    const { self, args, real } = call;
    if (method === 'lookup' && checkLookup(call)) return Reflect.apply(real, self, args);
    const [name, second, third] = args;
    const looks = method === 'lookup' || method === 'resolve';
    const isShort = looks ? typeof second === 'function' : args.length < 3;
    const options = isShort ? undefined : second;
    const callback = (isShort ? second : third) as Callback;
    if (method !== 'lookup') {
      checkQuery(method, name, isShort ? 'A' : second);
      checkFunction('callback', callback);
    }
    const reply = answer(place, name as string, options);
    after(world, reply, (values) => {
      if (values instanceof Error) callback(values);
      else callback(null, ...values);
    });
    return {};
  };
}

function promiseForm(method: string, answer: Ask): OnHost {
  return (world, place, call) => {
    const { self, args, real } = call;
    const [name, options] = args;
    if (method === 'lookup' && checkLookup(call)) return Reflect.apply(real, self, args);
    if (method !== 'lookup') {
      try {
        checkQuery(method, name, options === undefined ? 'A' : options);
      } catch (error) {
        if (method === 'reverse' && typeof name === 'string') return Promise.reject(error);
        throw error;
      }
    }
    const reply = answer(place, name as string, options);
    return new Promise((settle, reject) => {
      after(world, reply, (values) => {
        if (values instanceof Error) {
          reject(values);
          return;
        }
        const [value, family] = values;
        settle(method === 'lookup' && !Array.isArray(value) ? { address: value, family } : value);
      });
    });
  };
}

/** An event, at least: a program that asks again and again must come to the bound of events. */
function after(
  world: World,
  { delay, values }: Reply,
  give: (values: Reply['values']) => void,
): void {
  const call = (): void => {
    give(values);
  };
  if (delay === 0) soon(world, call);
  else later(call, delay);
}

/** On a host the call is virtual; elsewhere in a simulation it is refused, as the watch for real work finds it. */
function onHost(owner: () => object, name: string, call: OnHost): void {
  cover(owner, name, (real) =>
    layerOver(
      real,
      insideWorld((world, { self, args }) => {
        const place = world.place() as Place | undefined;
        return place === undefined
          ? Reflect.apply(real, self, args)
          : call(world, place, { self, args, real });
      }),
    ),
  );
}
