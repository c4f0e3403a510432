/** The key and the certificate of a server that is to speak TLS. */

import { readFileSync } from 'node:fs';

export interface Credentials {
  readonly key: string;
  readonly cert: string;
}

/** `undefined` for a server without TLS. */
export function credentials(): Credentials | undefined {
  const { BENCH_TLS_KEY: key, BENCH_TLS_CERT: cert } = process.env;
  if (key === undefined || cert === undefined) return undefined;
  return { key: readFileSync(key, 'utf8'), cert: readFileSync(cert, 'utf8') };
}
