/** `node:dns` on a simulated host: it answers for the hosts of the network, and knows no others. */

import dns from 'node:dns';
import dnsPromises from 'node:dns/promises';
import { insideWorld, layerOver, cover, type World } from '../guard/indirection.ts';
import { soon } from '../guard/timers.ts';
import { systemError } from './errors.ts';
import type { Place } from './place.ts';

type Callback = (error: Error | null, ...values: readonly unknown[]) => void;

interface LookupOptions {
  readonly all?: boolean | undefined;
  readonly family?: number | string | undefined;
}

/** What a call answers. @throws Error when there is no such host */
type Answer = (place: Place, host: string, options: unknown) => readonly unknown[];

function addressFor(place: Place, host: string, call: string): string {
  if (!place.isKnown(host)) throw systemError(call, 'ENOTFOUND', { hostname: host });
  return place.addressOf(host);
}

const lookup: Answer = (place, host, options) => {
  const given = (
    typeof options === 'object' ? (options ?? {}) : { family: options }
  ) as LookupOptions;
  const address = addressFor(place, host, 'getaddrinfo');
  if (given.family === 6 || given.family === 'IPv6') {
    throw systemError('getaddrinfo', 'ENOTFOUND', { hostname: host });
  }
  return given.all === true ? [[{ address, family: 4 }]] : [address, 4];
};

const resolve4: Answer = (place, host, options) => {
  const address = addressFor(place, host, 'queryA');
  return (options as { ttl?: boolean } | undefined)?.ttl === true
    ? [[{ address, ttl: 0 }]]
    : [[address]];
};

const resolve: Answer = (place, host, type) => {
  if (type === undefined || type === 'A') return resolve4(place, host, undefined);
  throw systemError('query', 'ENOTFOUND', { hostname: host });
};

const resolve6: Answer = (_place, host) => {
  throw systemError('queryAaaa', 'ENOTFOUND', { hostname: host });
};

const ANSWERS = { lookup, resolve, resolve4, resolve6 };

/** Makes the calls of `node:dns` layers. */
export function coverNames(): void {
  for (const [name, answer] of Object.entries(ANSWERS)) {
    const withCallbacks = [
      (): object => dns,
      ...(name === 'lookup' ? [] : [(): object => dns.Resolver.prototype]),
    ];
    for (const owner of withCallbacks) onHost(owner, name, callbackForm(answer));
    const asPromises = [
      (): object => dnsPromises,
      ...(name === 'lookup' ? [] : [(): object => dnsPromises.Resolver.prototype]),
    ];
    for (const owner of asPromises) onHost(owner, name, promiseForm(name, answer));
  }
}

type OnHost = (world: World, place: Place, args: readonly unknown[]) => unknown;

function callbackForm(answer: Answer): OnHost {
  return (world, place, args) => {
    const callback = args.at(-1) as Callback;
    const values = attempt(() =>
      answer(place, String(args[0]), args.length > 2 ? args[1] : undefined),
    );
    soon(world, () => {
      if (values instanceof Error) callback(values);
      else callback(null, ...values);
    });
    return {};
  };
}

function promiseForm(name: string, answer: Answer): OnHost {
  return (world, place, [host, options]) => {
    const values = attempt(() => answer(place, String(host), options));
    // An event, as with a callback: a program that asks again and again must come to the bound of events.
    return new Promise((settle, reject) => {
      soon(world, () => {
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

function attempt(call: () => readonly unknown[]): readonly unknown[] | Error {
  try {
    return call();
  } catch (error) {
    return error as Error;
  }
}

/** On a host the call is virtual; elsewhere in a simulation it is refused, as the watch for real work finds it. */
function onHost(owner: () => object, name: string, call: OnHost): void {
  cover(owner, name, (real) =>
    layerOver(
      real,
      insideWorld((world, { self, args }) => {
        const place = world.place() as Place | undefined;
        return place === undefined
          ? Reflect.apply(real, self, args as never[])
          : call(world, place, args);
      }),
    ),
  );
}
