/**
 * What throws inside a simulation: real timers, and random numbers that no seed decides. Each by all of its names, since
 * `setTimeout` of `node:timers` is another function than the one that is promisified.
 */

import crypto from 'node:crypto';
import timers from 'node:timers';
import timersPromises, { scheduler } from 'node:timers/promises';
import { coverCall } from './indirection.ts';

/** Timers and their replacements. */
export const TIMERS: readonly (readonly [name: string, instead: string])[] = [
  ['setTimeout', 'sim.clock.setTimer or sim.clock.sleep'],
  ['setInterval', 'sim.clock.setTimer'],
  ['setImmediate', 'sim.clock.defer'],
];

const RANDOM = 'sim.random';

const RANDOM_CALLS = [
  'randomBytes',
  'pseudoRandomBytes',
  'prng',
  'rng',
  'randomFill',
  'randomFillSync',
  'randomInt',
  'randomUUID',
  'randomUUIDv7',
  'getRandomValues',
  'generateKey',
  'generateKeySync',
  'generateKeyPair',
  'generateKeyPairSync',
  'generatePrime',
  'generatePrimeSync',
];

const globals = (): object => globalThis;

/** Makes everything that is forbidden a layer. */
export function coverForbidden(): void {
  for (const [name, instead] of TIMERS) {
    forbid(globals, name, name, instead);
    forbidToPrograms(() => timers, name, `${name} of node:timers`, instead);
    forbid(() => timersPromises, name, `${name} of node:timers/promises`, instead);
  }
  forbid(() => scheduler, 'wait', 'scheduler.wait', 'sim.clock.sleep');
  forbid(() => scheduler, 'yield', 'scheduler.yield', 'sim.clock.defer');
  forbid(() => AbortSignal, 'timeout', 'AbortSignal.timeout', 'a timeout option');
  forbid(() => Math, 'random', 'Math.random', RANDOM);
  for (const name of ['getRandomValues', 'randomUUID', 'randomUUIDv7']) {
    forbid(() => globalThis.crypto, name, `crypto.${name}`, RANDOM);
  }
  for (const name of RANDOM_CALLS) forbid(() => crypto, name, `crypto.${name}`, RANDOM);
  const { ECDH, DiffieHellman, DiffieHellmanGroup, Sign } = crypto;
  forbid(() => ECDH.prototype, 'generateKeys', 'ECDH.generateKeys', RANDOM);
  for (const { prototype } of [DiffieHellman, DiffieHellmanGroup]) {
    forbid(() => prototype, 'generateKeys', 'DiffieHellman.generateKeys', RANDOM);
  }
  forbid(() => URL, 'createObjectURL', 'URL.createObjectURL', RANDOM);
  // The padding is random.
  forbid(() => crypto, 'publicEncrypt', 'crypto.publicEncrypt', RANDOM);
  forbidRandomSignatures(() => crypto, 'sign', 'crypto.sign', 2);
  forbidRandomSignatures(() => Sign.prototype, 'sign', 'Sign.sign', 0);
  forbid(() => Atomics, 'waitAsync', 'Atomics.waitAsync', 'a promise');
  const webAssembly = (): object | undefined =>
    Reflect.get(globalThis, 'WebAssembly') as object | undefined;
  for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) {
    coverCall(webAssembly, name, (world, { self, args, real }) => {
      const compiling = Reflect.apply(real, self, args as never[]) as Promise<unknown>;
      world.waitFor(compiling, `WebAssembly.${name}`);
      return compiling;
    });
  }
}

/** Signatures with DSA, ECDSA and RSA-PSS are random; those with RSA and Ed25519 are not. */
function forbidRandomSignatures(
  owner: () => object,
  name: string,
  what: string,
  keyAt: number,
): void {
  coverCall(owner, name, ({ refuse }, { self, args, real }) =>
    isRandomlySigned(args[keyAt])
      ? refuse(what, 'a key of RSA or Ed25519')
      : Reflect.apply(real, self, args as never[]),
  );
}

const { RSA_PKCS1_PSS_PADDING } = crypto.constants;
const RANDOM_TYPES: readonly unknown[] = ['dsa', 'ec', 'rsa-pss'];

function isRandomlySigned(given: unknown): boolean {
  const { key = given, padding } = (given ?? {}) as {
    readonly key?: unknown;
    readonly padding?: unknown;
  };
  if (padding === RSA_PKCS1_PSS_PADDING) return true;
  try {
    const known =
      key instanceof crypto.KeyObject ? key : crypto.createPrivateKey(given as string | Buffer);
    return RANDOM_TYPES.includes(known.asymmetricKeyType);
  } catch {
    // No key: the call says what it is.
    return false;
  }
}

function forbid(owner: () => object, name: string, what: string, instead: string): void {
  coverCall(owner, name, ({ refuse }) => refuse(what, instead));
}

/** As {@link forbid}; modules of Node that have loaded this layer go on, and the watch for real work sees their timers. */
function forbidToPrograms(owner: () => object, name: string, what: string, instead: string): void {
  coverCall(owner, name, ({ refuse, isNode }, { self, args, real }) =>
    isNode() ? Reflect.apply(real, self, args as never[]) : refuse(what, instead),
  );
}
