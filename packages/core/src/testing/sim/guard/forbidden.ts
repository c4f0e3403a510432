/** What throws inside a simulation: keys and signatures whose randomness comes from no seed. */

import crypto from 'node:crypto';
import { coverCall } from './indirection.ts';

const RANDOM = 'one that was made before the simulation';

const RANDOM_CALLS = [
  'generateKeyPair',
  'generateKeyPairSync',
  'generatePrime',
  'generatePrimeSync',
];

/** Makes everything that is forbidden a layer. */
export function coverForbidden(): void {
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
