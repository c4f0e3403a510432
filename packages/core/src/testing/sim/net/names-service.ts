/** `node:dns` on a simulated host: the name service of the run (`sim.dns`), with an address for each host. */

import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { insideWorld, layerOver, cover, type World } from '../guard/indirection.ts';
import { later, soon } from '../guard/timers.ts';
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

const resolve4: Ask = (place, name, options) =>
  replyOf(place, 'queryA', name, (addresses, ttl) =>
    (options as { ttl?: boolean } | undefined)?.ttl === true
      ? [addresses.map((address) => ({ address, ttl }))]
      : [addresses],
  );

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

const ANSWERS = { lookup, resolve, resolve4, resolve6, reverse };

/** Makes the calls of `node:dns` layers. */
export function coverNames(): void {
  const withCallbacks = [(): object => dns, (): object => dns.Resolver.prototype];
  const asPromises = [(): object => dnsPromises, (): object => dnsPromises.Resolver.prototype];
  for (const [name, answer] of Object.entries(ANSWERS)) {
    // A resolver has no `lookup`.
    const count = name === 'lookup' ? 1 : 2;
    for (const owner of withCallbacks.slice(0, count)) onHost(owner, name, callbackForm(answer));
    for (const owner of asPromises.slice(0, count)) onHost(owner, name, promiseForm(name, answer));
  }
}

type OnHost = (world: World, place: Place, args: readonly unknown[]) => unknown;

function callbackForm(answer: Ask): OnHost {
  return (world, place, args) => {
    const callback = args.at(-1) as Callback;
    const reply = answer(place, String(args[0]), args.length > 2 ? args[1] : undefined);
    after(world, reply, (values) => {
      if (values instanceof Error) callback(values);
      else callback(null, ...values);
    });
    return {};
  };
}

function promiseForm(name: string, answer: Ask): OnHost {
  return (world, place, [host, options]) => {
    const reply = answer(place, String(host), options);
    return new Promise((settle, reject) => {
      after(world, reply, (values) => {
        if (values instanceof Error) {
          reject(values);
          return;
        }
        const [value, family] = values;
        settle(name === 'lookup' && !Array.isArray(value) ? { address: value, family } : value);
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
        return place === undefined ? Reflect.apply(real, self, args) : call(world, place, args);
      }),
    ),
  );
}
