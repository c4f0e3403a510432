/** What throws inside a simulation: keys and signatures whose randomness comes from no seed, and what the process as a whole does. */

import childProcess from 'node:child_process';
import crypto from 'node:crypto';
import fs from 'node:fs';
import fsPromises from 'node:fs/promises';
import { builtinModule, coverCall } from './indirection.ts';

const RANDOM = 'one that was made before the simulation';

const ofCrypto = (): object => crypto;
const ofProcess = (): object => process;
const RANDOM_CALLS = [
  'generateKeyPair',
  'generateKeyPairSync',
  'generatePrime',
  'generatePrimeSync',
];

/** Makes everything that is forbidden a layer. */
export function coverForbidden(): void {
  for (const name of RANDOM_CALLS) forbid(ofCrypto, name, `crypto.${name}`, RANDOM);
  const { ECDH, DiffieHellman, DiffieHellmanGroup, Sign } = crypto;
  forbid(() => ECDH.prototype, 'generateKeys', 'ECDH.generateKeys', RANDOM);
  for (const { prototype } of [DiffieHellman, DiffieHellmanGroup]) {
    forbid(() => prototype, 'generateKeys', 'DiffieHellman.generateKeys', RANDOM);
  }
  forbid(() => URL, 'createObjectURL', 'URL.createObjectURL', RANDOM);
  // The padding is random.
  forbid(ofCrypto, 'publicEncrypt', 'crypto.publicEncrypt', RANDOM);
  forbidRandomSignatures(ofCrypto, 'sign', 'crypto.sign', 2);
  forbidRandomSignatures(() => Sign.prototype, 'sign', 'Sign.sign', 0);
  forbid(() => Atomics, 'waitAsync', 'Atomics.waitAsync', 'a promise');
  coverProcess();
  coverOpening();
}

/**
 * What gives an object for an open file or folder. The watch for real work sees the call when it has begun: a program whose run has failed
 * then closes nothing, and Node 26 throws when the object is collected, in whichever run that is.
 */
function coverOpening(): void {
  const owner = (): object => fsPromises;
  for (const name of ['open', 'opendir']) {
    coverCall(owner, name, ({ isInside, isTool, refuse }, { self, args, real }) => {
      if (!isInside() || isTool()) return Reflect.apply(real, self, args);
      const refused = async (): Promise<never> =>
        refuse(`${name} of node:fs/promises`, "the host's disk (host.disk)");
      return refused();
    });
  }
}

/** What ends the process, or begins another one. A test runner, or a handler of Ctrl-C, may do that beside a run. */
function coverProcess(): void {
  // It would end the test runner, which may count what has not run as passed.
  for (const name of ['exit', 'abort', 'kill']) {
    forbidProgram(ofProcess, name, `process.${name}`, 'host.crash(), host.stop() or an error');
  }
  // Those of the process, its test runner included; what is virtual is in none of these lists.
  for (const name of ['getActiveResourcesInfo', '_getActiveHandles', '_getActiveRequests']) {
    forbidProgram(ofProcess, name, `process.${name}`, 'a list that the program keeps');
  }
  for (const name of ['execSync', 'execFileSync', 'spawnSync']) {
    const what = `child_process.${name}`;
    forbidProgram(() => childProcess, name, what, 'what it returned before the simulation');
  }
  forbidProgram(ofProcess, 'stdin', 'process.stdin', 'a stream in memory, such as memoryPair()');
  const inspector = builtinModule('node:inspector') as object;
  forbidProgram(() => inspector, 'open', 'inspector.open', 'it before the simulation');
  // The watch for real work sees only the first call for a file: Node keeps its watcher.
  forbidProgram(() => fs, 'watchFile', 'fs.watchFile', 'a timer and the contents of the file');
}

/** Forbids a call of the program, and of nothing else. */
function forbidProgram(owner: () => object, name: string, what: string, instead: string): void {
  coverCall(owner, name, ({ isInside, isTool, refuse }, { self, args, real }) =>
    !isInside() || isTool() ? Reflect.apply(real, self, args) : refuse(what, instead),
  );
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
      : Reflect.apply(real, self, args),
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
