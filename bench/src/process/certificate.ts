/** The certificate of the servers that speak TLS: made for a run by OpenSSL, for 127.0.0.1, with a key of P-256 that every peer takes. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { scratch } from './scratch.ts';

/** Why there is none, if so. */
export const noCertificate: string | undefined =
  spawnSync('openssl', ['version'], { stdio: 'ignore' }).error === undefined
    ? undefined
    : 'openssl is not installed (Debian and Ubuntu: apt-get install openssl)';

const NEW_KEY = '-newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2'.split(' ');
const NAMES = [
  '-addext',
  'subjectAltName=IP:127.0.0.1,DNS:localhost',
  '-addext',
  'basicConstraints=critical,CA:FALSE',
];

let made: Readonly<Record<string, string>> | undefined;

/** What servers and clients read it from: the names of environment variables, and paths. */
export function certificateVariables(): Readonly<Record<string, string>> {
  made ??= makeCertificate();
  return made;
}

/** An authority, and a certificate of it: Deno takes none that signs itself. */
function makeCertificate(): Readonly<Record<string, string>> {
  const path = (name: string): string => join(scratch(), name);
  const [caKey, ca, key, cert] = ['ca-key.pem', 'ca.pem', 'key.pem', 'cert.pem'].map(path) as [
    string,
    string,
    string,
    string,
  ];
  openssl('-subj', '/CN=bench authority', '-keyout', caKey, '-out', ca);
  const signer = ['-CA', ca, '-CAkey', caKey];
  openssl('-subj', '/CN=localhost', ...signer, ...NAMES, '-keyout', key, '-out', cert);
  return {
    BENCH_TLS_KEY: key,
    BENCH_TLS_CERT: cert,
    // What clients trust: those of Node and Bun, and that of Deno.
    NODE_EXTRA_CA_CERTS: ca,
    DENO_CERT: ca,
  };
}

function openssl(...args: readonly string[]): void {
  const { status, stderr } = spawnSync('openssl', ['req', '-x509', ...NEW_KEY, ...args], {
    encoding: 'utf8',
  });
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
}
