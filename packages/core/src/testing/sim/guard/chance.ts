/**
 * Virtual chance: `Math.random` and the random functions of `node:crypto` and `crypto`, from the seed of the run.
 *
 * The real function checks what it is given, and its result is overwritten: so errors are Node's own. What has a callback calls it as
 * an event of the same moment.
 */

import crypto from 'node:crypto';
import { seededRandom, type Random } from '../../../vocabulary/random.ts';
import {
  cover,
  fillPool,
  insideWorld,
  layerOver,
  pools,
  realms,
  type AnyFunction,
  type World,
} from './indirection.ts';
import { soon } from './timers.ts';

type Callback = (error: Error | null, value?: unknown) => void;

const ofCrypto = (): object => crypto;
interface Call {
  readonly self: unknown;
  readonly args: readonly unknown[];
  readonly real: AnyFunction;
}

/** Calls the real function without a callback, with the errors and the shape of its result. */
function ask({ asOwn }: World, { self, real }: Call, args: readonly unknown[]): unknown {
  return asOwn(() => Reflect.apply(real, self, args));
}

/** Overwrites bytes with those of the run. */
function fill<T extends ArrayBufferView | ArrayBufferLike>(
  { random }: World,
  into: T,
  offset = 0,
  length?: number,
): T {
  const bytes = ArrayBuffer.isView(into)
    ? new Uint8Array(into.buffer, into.byteOffset, into.byteLength)
    : new Uint8Array(into);
  const source = random();
  const end = length === undefined ? bytes.length : offset + length;
  for (let at = offset; at < end; at += 1) bytes[at] = source.integer(0, 255);
  return into;
}

/**
 * Who keeps a pool of random bytes in a module, and takes words of four bytes from it: the masks of `ws`. What one run has left there
 * would be the next run's.
 */
const POOL_KEEPERS = /[\\/]ws[\\/]lib[\\/]sender\.js/;
const POOL_SIZE = 8_192;

function isPool(bytes: unknown): bytes is Uint8Array {
  if (!(bytes instanceof Uint8Array) || bytes.length !== POOL_SIZE) return false;
  return POOL_KEEPERS.test(new Error('here').stack ?? '');
}

/** The chance of a program: what `Math.random` and `node:crypto` draw, apart from `sim.random` and from the network. */
export function chanceOf(seed: number): { readonly random: Random; readonly poolWord: number } {
  const source = seededRandom(seed);
  const poolWord = source.integer(0, 0xffff_ffff);
  return { random: seededRandom(source.integer(0, Number.MAX_SAFE_INTEGER - 1)), poolWord };
}

/** Makes everything that is random, and can be seeded, a layer. */
export function coverChance(): void {
  for (const globals of realms) {
    virtual(
      () => Reflect.get(globals(), 'Math') as object,
      'random',
      ({ random }) => random().next(),
    );
  }
  for (const owner of [(): object => globalThis.crypto, ofCrypto]) {
    virtual(owner, 'getRandomValues', (world, call) => {
      ask(world, call, call.args);
      return fill(world, call.args[0] as ArrayBufferView);
    });
    virtual(owner, 'randomUUID', (world, call) => {
      ask(world, call, call.args);
      return uuid(fill(world, new Uint8Array(16)), 4);
    });
    virtual(owner, 'randomUUIDv7', (world, call) => {
      ask(world, call, call.args);
      const bytes = fill(world, new Uint8Array(16));
      new DataView(bytes.buffer).setBigUint64(0, BigInt(Math.floor(world.wallTime())) << 16n);
      fill(world, bytes, 6, 2);
      return uuid(bytes, 7);
    });
  }
  for (const name of ['randomBytes', 'pseudoRandomBytes', 'prng', 'rng']) {
    withCallback(name, (world, call, args) => fill(world, ask(world, call, args) as Buffer));
  }
  withCallback('randomInt', (world, call, args) => {
    ask(world, call, args);
    const [from, to] = args.length === 1 ? [0, args[0]] : args;
    return (from as number) + Math.floor(world.random().next() * (Number(to) - Number(from)));
  });
  withCallback('randomFill', fillPart);
  virtual(ofCrypto, 'randomFillSync', (world, call) => fillPart(world, call, call.args));
  virtual(ofCrypto, 'generateKeySync', (world, call) => secretKey(world, call, call.args));
  withCallback('generateKey', secretKey);
}

/** The names of synchronous functions that check the arguments of those with a callback. */
const CHECKERS: Readonly<Record<string, string>> = {
  randomFill: 'randomFillSync',
  generateKey: 'generateKeySync',
};

function withCallback(
  name: string,
  make: (world: World, call: Call, args: readonly unknown[]) => unknown,
): void {
  virtual(ofCrypto, name, (world, call) => {
    const { self, args } = call;
    const callback = args.at(-1);
    const checker = CHECKERS[name];
    if (typeof callback !== 'function') {
      return checker === undefined
        ? make(world, call, args)
        : // A callback is missing: it says so.
          Reflect.apply(call.real, self, args);
    }
    const real = checker === undefined ? call.real : (Reflect.get(crypto, checker) as AnyFunction);
    const value = make(world, { self, args, real }, args.slice(0, -1));
    soon(world, () => {
      (callback as Callback)(null, value);
    });
    return undefined;
  });
}

function fillPart(world: World, call: Call, args: readonly unknown[]): unknown {
  ask(world, call, args);
  if (isPool(args[0])) {
    pools.add(args[0]);
    fillPool(args[0], world);
    return args[0];
  }
  const [into, offset = 0, size] = args as [
    ArrayBufferView,
    number | undefined,
    number | undefined,
  ];
  const unit = (into as { readonly BYTES_PER_ELEMENT?: number }).BYTES_PER_ELEMENT ?? 1;
  return fill(
    world,
    into,
    offset * unit,
    size === undefined ? into.byteLength - offset * unit : size * unit,
  );
}

function secretKey(world: World, call: Call, args: readonly unknown[]): unknown {
  const { symmetricKeySize = 0 } = ask(world, call, args) as crypto.KeyObject;
  return crypto.createSecretKey(fill(world, new Uint8Array(symmetricKeySize)));
}

/** RFC 9562 section 4. */
function uuid(bytes: Uint8Array, version: number): string {
  bytes[6] = ((bytes[6] as number) & 0x0f) | (version << 4);
  bytes[8] = ((bytes[8] as number) & 0x3f) | 0x80;
  const hex = Buffer.from(bytes.buffer).toString('hex');
  const at = [0, 8, 12, 16, 20, 32];
  return at
    .slice(1)
    .map((end, part) => hex.slice(at[part], end))
    .join('-');
}

function virtual(
  owner: () => object,
  name: string,
  inside: (world: World, call: Call) => unknown,
): void {
  cover(owner, name, (real) => layerOver(real, insideWorld(inside)));
}
