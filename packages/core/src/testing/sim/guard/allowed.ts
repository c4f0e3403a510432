/**
 * Real work that a simulation allows by option: its result depends on nothing but what it is given.
 *
 * What has a synchronous form is done by it, at the call, and calls back as an event of the same moment. What has none (streams of
 * `node:zlib`, `crypto.subtle`) is real work of other threads: one piece after another, in the order in which they were begun, while
 * virtual time stands still. So it ends in that order, whatever the threads do.
 */

import { AsyncLocalStorage } from 'node:async_hooks';
import crypto from 'node:crypto';
import type { EventEmitter } from 'node:events';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import zlib from 'node:zlib';
import { coverOnce, prototypeOf, type AnyFunction, type World } from './indirection.ts';
import { soon } from './timers.ts';

/** Kinds of real work that a simulation can allow. */
export type RealWork = 'crypto' | 'files' | 'zlib';

/** Makes what can be allowed a layer; what is not allowed goes on to where it is refused. */
export function coverAllowed(): void {
  coverFiles();
  coverCompression();
  coverKeys();
}

type Callback = (...values: readonly unknown[]) => void;

/** Calls back with what a synchronous function has returned or thrown. */
function answer(
  world: World,
  callback: Callback,
  call: () => unknown,
  valuesOf: (value: unknown) => readonly unknown[] = (value) => [value],
): void {
  let values: readonly unknown[];
  try {
    values = [null, ...valuesOf(call())];
  } catch (error) {
    values = [error];
  }
  soon(world, () => {
    callback(...values);
  });
}

/** A call with a callback is made by its synchronous form: `gzip` by `gzipSync`. */
function coverBySync(
  kind: RealWork,
  owner: object,
  name: string,
  toSync: (args: readonly unknown[]) => readonly unknown[] = (args) => args,
  valuesOf?: (value: unknown, args: readonly unknown[]) => readonly unknown[],
): void {
  coverOnce(owner, name, (world, { self, args, real }) => {
    const callback = args.at(-1);
    if (typeof callback !== 'function' || (kind === 'files' && !world.allows(kind))) {
      return Reflect.apply(real, self, args);
    }
    // The watch for real work would find it, and not its name.
    if (!world.allows(kind)) {
      return world.refuse(
        `${name} of node:${kind}`,
        `it before the simulation, or allow: ['${kind}']`,
      );
    }
    const given = toSync(args.slice(0, -1));
    answer(
      world,
      callback as Callback,
      () => Reflect.apply(Reflect.get(owner, `${name}Sync`) as AnyFunction, owner, given),
      valuesOf === undefined ? undefined : (value) => valuesOf(value, given),
    );
    return undefined;
  });
}

// --- Files -----------------------------------------------------------------------------------------------------

/** What is random, has no result that could be given, or is another thing than its synchronous form. */
const NOT_BY_SYNC = new Set(['mkdtemp', 'exists', 'opendir', 'glob', 'mkdtempDisposable']);
/** Calls that call back with a count and the bytes. */
const WITH_BYTES = new Set(['read', 'write', 'readv', 'writev']);
const READ_SIZE = 16_384;

function coverFiles(): void {
  for (const name of Object.keys(fs)) {
    const sync: unknown = Reflect.get(fs, `${name}Sync`);
    if (typeof sync !== 'function' || NOT_BY_SYNC.has(name)) continue;
    if (WITH_BYTES.has(name)) {
      const toSync = name === 'read' ? readArguments : undefined;
      coverBySync('files', fs, name, toSync, (count, args) => [count, args[1]]);
    } else {
      // Nothing is given where there is nothing to give.
      const valuesOf = (value: unknown): readonly unknown[] => (value === undefined ? [] : [value]);
      coverBySync('files', fs, name, undefined, valuesOf);
    }
    if (typeof Reflect.get(fsPromises, name) !== 'function' || name === 'open') continue;
    coverOnce(fsPromises, name, (world, { self, args, real }) => {
      if (!world.allows('files')) return Reflect.apply(real, self, args);
      return new Promise((resolve, reject) => {
        const settle: Callback = (error, value) => {
          if (error === null) resolve(value);
          else reject(error);
        };
        answer(world, settle, () => Reflect.apply(sync as AnyFunction, fs, args));
      });
    });
  }
}

/** `fs.read` takes its buffer among its options, or makes one. */
function readArguments(args: readonly unknown[]): readonly unknown[] {
  const [fd, second, ...rest] = args;
  if (ArrayBuffer.isView(second)) return args;
  const { buffer = Buffer.alloc(READ_SIZE), ...options } = (second ?? {}) as {
    readonly buffer?: ArrayBufferView;
  };
  return [fd, buffer, options, ...rest];
}

// --- Compression -----------------------------------------------------------------------------------------------

const COMPRESSIONS =
  /^(?:gzip|gunzip|deflate|inflate|deflateRaw|inflateRaw|unzip|brotliCompress|brotliDecompress|zstdCompress|zstdDecompress)$/;

function coverCompression(): void {
  for (const name of Object.keys(zlib).filter((each) => COMPRESSIONS.test(each))) {
    coverBySync('zlib', zlib, name);
  }
  // The class of all streams of compression, which has no name outside of Node.
  const base = Object.getPrototypeOf(
    Object.getPrototypeOf(prototypeOf(Reflect.get(zlib, 'Gzip') as object)),
  ) as object;
  coverOnce(base, '_transform', (world, { self, args, real }) => {
    const [chunk, encoding, callback] = args;
    if (!world.allows('zlib') || typeof callback !== 'function') {
      return Reflect.apply(real, self, args);
    }
    const inContext = AsyncLocalStorage.snapshot();
    world.inTurn('a compression of node:zlib', (done) => {
      const stream = self as EventEmitter;
      const end = (...values: readonly unknown[]): void => {
        stream.off('close', done);
        done();
        (callback as (...all: readonly unknown[]) => void)(...values);
      };
      inContext(() => Reflect.apply(real, self, [chunk, encoding, end]));
      // It never calls back when it is destroyed meanwhile.
      stream.once('close', done);
    });
    return undefined;
  });
}

// --- Keys ------------------------------------------------------------------------------------------------------

const DERIVATIONS = ['scrypt', 'pbkdf2', 'hkdf'];
const RANDOM_SIGNATURES = /^(?:ECDSA|RSA-PSS)$/i;

function coverKeys(): void {
  for (const name of DERIVATIONS) {
    coverBySync('crypto', crypto, name);
  }
  const subtle = Object.getPrototypeOf(crypto.webcrypto.subtle) as object;
  for (const name of Object.getOwnPropertyNames(subtle)) {
    if (name === 'constructor' || name === 'supports') continue;
    coverOnce(subtle, name, (world, { self, args, real }) => {
      if (!world.allows('crypto')) return Reflect.apply(real, self, args);
      if (isRandom(name, args[0])) {
        return world.refuse(`crypto.subtle.${name}`, 'one that was made before the simulation');
      }
      const inContext = AsyncLocalStorage.snapshot();
      return new Promise((resolve, reject) => {
        world.inTurn(`crypto.subtle.${name}`, (done) => {
          const work = inContext(() => Reflect.apply(real, self, args));
          (work as Promise<unknown>).then(resolve, reject).finally(done);
        });
      });
    });
  }
}

/** Whether the result of a call is random. */
function isRandom(name: string, algorithm: unknown): boolean {
  if (name === 'generateKey' || name === 'encapsulateKey' || name === 'encapsulateBits')
    return true;
  const kind = typeof algorithm === 'object' ? (algorithm as { name?: unknown }).name : algorithm;
  if (name === 'sign') return RANDOM_SIGNATURES.test(String(kind));
  return name === 'encrypt' && /^RSA-OAEP$/i.test(String(kind));
}
