/** The certificate of the servers that speak TLS: made for a run by OpenSSL, for 127.0.0.1, with a key of P-256 that every peer takes. */

import { spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { scratch } from './scratch.ts';

/** Why there is none, if so. */
export const noCertificate: string | undefined =
  spawnSync('openssl', ['version'], { stdio: 'ignore' }).error === undefined
    ? undefined
    : 'openssl is not installed (Debian and Ubuntu: apt-get install openssl)';

const SUBJECT =
  '-subj /CN=localhost -addext subjectAltName=IP:127.0.0.1,DNS:localhost -days 2'.split(' ');

let made: Readonly<Record<string, string>> | undefined;

/** What servers and clients read it from: the names of environment variables, and paths. */
export function certificateVariables(): Readonly<Record<string, string>> {
  if (made !== undefined) return made;
  const [key, cert] = [join(scratch(), 'key.pem'), join(scratch(), 'cert.pem')];
  const kind = '-x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes'.split(' ');
  const { status, stderr } = spawnSync(
    'openssl',
    ['req', ...kind, '-keyout', key, '-out', cert, ...SUBJECT],
    { encoding: 'utf8' },
  );
  if (status !== 0) throw new Error(`openssl made no certificate: ${stderr}`);
  made = {
    BENCH_TLS_KEY: key,
    BENCH_TLS_CERT: cert,
    // What clients trust: those of Node and Bun, and that of Deno.
    NODE_EXTRA_CA_CERTS: cert,
    DENO_CERT: cert,
  };
  return made;
}
