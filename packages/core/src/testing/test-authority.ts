/**
 * Certificates for tests, generated in memory: no OpenSSL, no files, no keys that outlive the process.
 *
 * A certificate is a small tree in DER (X.690 section 8), signed by its issuer: RFC 5280 section 4.1 has the grammar. The
 * few required forms are written out below, in the order of the grammar; keys and signatures come from `node:crypto`.
 *
 * The keys are Ed25519 (RFC 8410): all their signatures have one length, so that a handshake always has the same number of
 * bytes. Signatures of ECDSA do not.
 */

import { generateKeyPairSync, randomBytes, sign, type KeyObject } from 'node:crypto';
import { types } from 'node:util';
import { checkOptions, type OptionRule, type OptionTable } from '../vocabulary/check.ts';
import { invalidInput } from '../vocabulary/errors.ts';
import { asOwn, machineTime } from '../vocabulary/platform.ts';

/** A private key and its certificate, both in PEM; `cert` holds the chain up to, and without, the root. */
export interface TestIdentity {
  readonly key: string;
  readonly cert: string;
}

/** Options of a certificate. */
export interface IssueOptions {
  /** When it becomes valid. @default a day ago */
  readonly validFrom?: Date | undefined;
  /** When it expires. @default in a day */
  readonly validTo?: Date | undefined;
}

const moment: OptionRule = {
  expected: 'a Date',
  accepts: (value) => types.isDate(value) && !Number.isNaN(value.getTime()),
};
const ISSUE_OPTIONS: OptionTable<IssueOptions> = { validFrom: moment, validTo: moment };

const DAY = 86_400_000;
/** Taken at load: tests replace the global. */
const SystemDate = Date;

/**
 * A certificate authority for tests.
 *
 * @example
 * ```ts
 * import { TlsListener, TlsStream } from '@awaitio/core';
 * import { TestAuthority } from '@awaitio/core/testing';
 *
 * const authority = new TestAuthority();
 * const listener = await TlsListener.bind('127.0.0.1:0', authority.issue(['127.0.0.1']));
 * const client = await TlsStream.connect(listener.localAddress, { ca: authority.cert });
 * console.log(client.isAuthorized); // true
 * await client.close();
 * await listener.close();
 * ```
 */
export class TestAuthority {
  readonly #key: KeyObject;
  readonly #name: string;
  /** The root certificate in PEM: what `ca` takes. */
  readonly cert: string;

  /** @param name - The root's common name. */
  constructor(name = 'awaitio test authority') {
    if (typeof name !== 'string') throw invalidInput('TestAuthority', 'name', 'a string', name);
    const { privateKey, publicKey } = makeKeys();
    this.#key = privateKey;
    this.#name = name;
    const extensions = [
      extension(OID.basicConstraints, sequence(TRUE), true),
      extension(OID.keyUsage, bitString(Buffer.of(0x06), 1), true), // keyCertSign, cRLSign
    ];
    this.cert = this.#sign(name, publicKey, extensions, {});
  }

  /**
   * Issues a certificate for a server or a client.
   *
   * @param names - Host names (`*.example.test` too) and IP addresses; the first is the common name.
   * @throws `InvalidInputError` without a name, or for a wrong option.
   */
  issue(names: readonly string[], options: IssueOptions = {}): TestIdentity {
    checkOptions('issue', options, ISSUE_OPTIONS);
    const isList = Array.isArray(names) && names.every((name) => typeof name === 'string');
    const [commonName] = isList ? names : [];
    if (commonName === undefined) throw invalidInput('issue', 'names', 'at least one name', names);
    const { privateKey, publicKey } = makeKeys();
    const extensions = [
      extension(OID.subjectAltName, sequence(...names.map(generalName))),
      extension(OID.extendedKeyUsage, sequence(oid(OID.serverAuth), oid(OID.clientAuth))),
    ];
    return {
      key: privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
      cert: this.#sign(commonName, publicKey, extensions, options),
    };
  }

  #sign(
    subject: string,
    key: KeyObject,
    extensions: readonly Buffer[],
    { validFrom, validTo }: IssueOptions,
  ): string {
    const now = machineTime();
    const algorithm = sequence(oid(OID.ed25519));
    const body = sequence(
      element(0xa0, integer(Buffer.of(2))), // version 3
      integer(Buffer.concat([Buffer.of(0x40), asOwn(() => randomBytes(8))])),
      algorithm,
      nameOf(this.#name),
      sequence(
        time(validFrom ?? new SystemDate(now - DAY)),
        time(validTo ?? new SystemDate(now + DAY)),
      ),
      nameOf(subject),
      key.export({ type: 'spki', format: 'der' }),
      element(0xa3, sequence(...extensions)),
    );
    const signature = bitString(sign(null, body, this.#key));
    return pem(sequence(body, algorithm, signature));
  }
}

function makeKeys(): { privateKey: KeyObject; publicKey: KeyObject } {
  return asOwn(() => generateKeyPairSync('ed25519'));
}

// --- DER encoding --------------------------------------------------------------------------------------------

const OID = {
  basicConstraints: '2.5.29.19',
  clientAuth: '1.3.6.1.5.5.7.3.2',
  commonName: '2.5.4.3',
  ed25519: '1.3.101.112',
  extendedKeyUsage: '2.5.29.37',
  keyUsage: '2.5.29.15',
  serverAuth: '1.3.6.1.5.5.7.3.1',
  subjectAltName: '2.5.29.17',
} as const;

const TRUE = element(0x01, Buffer.of(0xff));

function element(tag: number, ...contents: readonly Buffer[]): Buffer {
  const content = Buffer.concat(contents);
  const { length } = content;
  if (length < 0x80) return Buffer.concat([Buffer.of(tag, length), content]);
  const digits = length < 0x100 ? [length] : [length >> 8, length & 0xff];
  return Buffer.concat([Buffer.of(tag, 0x80 | digits.length, ...digits), content]);
}

function sequence(...items: readonly Buffer[]): Buffer {
  return element(0x30, ...items);
}

function integer(bytes: Buffer): Buffer {
  return element(0x02, bytes);
}

function bitString(bytes: Buffer, unusedBits = 0): Buffer {
  return element(0x03, Buffer.of(unusedBits), bytes);
}

function oid(dotted: string): Buffer {
  const [first = 0, second = 0, ...rest] = dotted.split('.').map(Number);
  const bytes = [first * 40 + second];
  for (const arc of rest) {
    const digits = [arc & 0x7f];
    for (let left = arc >> 7; left > 0; left >>= 7) digits.unshift(0x80 | (left & 0x7f));
    bytes.push(...digits);
  }
  return element(0x06, Buffer.from(bytes));
}

function nameOf(commonName: string): Buffer {
  const value = element(0x0c, Buffer.from(commonName)); // UTF8String
  return sequence(element(0x31, sequence(oid(OID.commonName), value)));
}

/** UTCTime until 2049, GeneralizedTime from then on (RFC 5280 section 4.1.2.5). */
function time(date: Date): Buffer {
  const digits = date.toISOString().replaceAll(/[-:T]|\.\d+/g, '');
  return date.getUTCFullYear() < 2050
    ? element(0x17, Buffer.from(digits.slice(2)))
    : element(0x18, Buffer.from(digits));
}

function extension(id: string, value: Buffer, isCritical = false): Buffer {
  const contents = element(0x04, value);
  return sequence(oid(id), ...(isCritical ? [TRUE] : []), contents);
}

/** A host name is `[2]`, an IP address `[7]` (RFC 5280 section 4.2.1.6). */
function generalName(name: string): Buffer {
  const address = addressBytes(name);
  return address === undefined ? element(0x82, Buffer.from(name)) : element(0x87, address);
}

function addressBytes(name: string): Buffer | undefined {
  if (/^\d+(\.\d+){3}$/.test(name)) return Buffer.from(name.split('.').map(Number));
  if (!name.includes(':')) return undefined;
  const [head = '', tail = ''] = name.split('::', 2);
  const groups = (text: string): number[] =>
    text === '' ? [] : text.split(':').map((group) => Number.parseInt(group, 16));
  const [front, back] = [groups(head), groups(tail)];
  const zeros = Array.from({ length: 8 - front.length - back.length }, () => 0);
  return Buffer.from([...front, ...zeros, ...back].flatMap((group) => [group >> 8, group & 0xff]));
}

function pem(der: Buffer): string {
  const lines = der.toString('base64').match(/.{1,64}/g) ?? [];
  return `-----BEGIN CERTIFICATE-----\n${lines.join('\n')}\n-----END CERTIFICATE-----\n`;
}
