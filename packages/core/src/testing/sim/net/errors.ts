/** Errors in the shape of Node's: `code`, `errno`, `syscall`, and the address. */

import { getSystemErrorMap } from 'node:util';
import { InvalidInputError, IoError } from '../../../vocabulary/errors.ts';

/** What `getaddrinfo` fails with has numbers of libuv's own. */
const NOT_FOUND = -3_008;
const TRY_AGAIN = -3_001;

/** What the name service fails with. */
const NAMES: ReadonlySet<string> = new Set(['ENOTFOUND', 'EAI_AGAIN', 'ESERVFAIL', 'ETIMEOUT']);

let known: ReadonlyMap<string, number> | undefined;

/** The numbers of errors by their codes. */
function numbers(): ReadonlyMap<string, number> {
  known ??= new Map([...getSystemErrorMap()].map(([number, [code]]) => [code, number]));
  return known;
}

interface Details {
  readonly address?: string | undefined;
  readonly port?: number | undefined;
  readonly hostname?: string | undefined;
}

/** Makes the error that Node has for a failed call. */
export function systemError(syscall: string, code: string, details: Details = {}): Error {
  const { address, port, hostname } = details;
  const at =
    hostname ?? (address === undefined ? '' : port === undefined ? address : `${address}:${port}`);
  const text = code === 'EADDRINUSE' ? `${code}: address already in use` : code;
  const errno = numbers().get(code) ?? (code === 'EAI_AGAIN' ? TRY_AGAIN : NOT_FOUND);
  const error = new Error(`${syscall} ${text}${at === '' ? '' : ` ${at}`}`);
  const given = Object.entries(details).filter(([, value]) => value !== undefined);
  return Object.assign(error, { errno, code, syscall, ...Object.fromEntries(given) });
}

/** What a socket of Node fails with in place of an error of a stream. */
export function socketError(syscall: string, error: unknown, details: Details): Error {
  const { code } = (error ?? {}) as { readonly code?: unknown };
  // What cannot be the name of a host is that of none.
  if (error instanceof InvalidInputError && details.hostname !== undefined) {
    return systemError('getaddrinfo', 'ENOTFOUND', { hostname: details.hostname });
  }
  if (!(error instanceof IoError) || typeof code !== 'string') return error as Error;
  if (NAMES.has(code) && details.hostname !== undefined) {
    return systemError('getaddrinfo', code, { hostname: details.hostname });
  }
  const { address, port } = details;
  return numbers().has(code) ? systemError(syscall, code, { address, port }) : error;
}
