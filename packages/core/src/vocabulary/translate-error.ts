/** The border where errors of the operating system, the resolver and TLS become errors of this package. */

import { describeFailure } from './callbacks.ts';
import { AddressError, BrokenError, IoError, TlsError } from './errors.ts';

const ADDRESS_CODES: ReadonlySet<string> = new Set([
  'EACCES',
  'EADDRINUSE',
  'EADDRNOTAVAIL',
  'EAFNOSUPPORT',
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'EINVAL',
  'ENETUNREACH',
  'ENOENT',
  'ENOTFOUND',
  'ENOTSOCK',
  'EPERM',
  'ERR_IP_BLOCKED',
  'ERR_SOCKET_BAD_PORT',
]);

const BROKEN_CODES: ReadonlySet<string> = new Set([
  'ECONNABORTED',
  'ECONNRESET',
  'EHOSTDOWN',
  'ENETDOWN',
  'ENETRESET',
  'ENOTCONN',
  'EPIPE',
  'ERR_STREAM_DESTROYED',
  'ERR_STREAM_PREMATURE_CLOSE',
  'ETIMEDOUT',
]);

/** What to do about the failures that people meet first, by the call and the code. */
const ADVICE: Readonly<Record<string, string>> = {
  'bind EACCES':
    'this process may not use that address: a port below 1024 needs a privilege, a path the permission to write there',
  'bind ERR_ACCESS_DENIED': 'under the permission model, start node with --allow-net',
  'connect ERR_ACCESS_DENIED': 'under the permission model, start node with --allow-net',
  'bind EADDRINUSE':
    'another socket has that address: stop its process, or bind port 0 to get a free one',
  'bind EADDRNOTAVAIL': 'this machine has no such address',
  'bind ENOTFOUND': 'no such name is known: check its spelling, and the network',
  'connect ECONNREFUSED': 'nothing listens there',
  'connect ENOENT': 'there is no such socket file',
  'connect ENOTFOUND': 'no such name is known: check its spelling, and the network',
};

/**
 * Translates a foreign error, keeping it as the `cause`.
 *
 * @param operation - The public call it concerns; errors that no call caused concern the `stream`.
 */
export function translateError(error: unknown, operation: string): IoError {
  if (error instanceof IoError) return error;
  const { code = 'ERR_UNKNOWN', message } = readFailure(error);
  const options = { code, operation, cause: error };
  const advice = ADVICE[`${operation} ${code}`];
  const reason = message === '' ? code : reasonOf(message);
  const text = `${operation}: ${reason}${advice === undefined ? '' : `; ${advice}`}`;
  if (ADDRESS_CODES.has(code) || code.startsWith('EAI_')) return new AddressError(text, options);
  if (BROKEN_CODES.has(code)) return new BrokenError(text, options);
  if (/^ERR_(?:SSL|TLS)_/.test(code) || code === 'EPROTO') return new TlsError(text, options);
  return new IoError(text, options);
}

/** The code and the message of whatever was thrown; a resolver of the program may throw anything. */
export function readFailure(error: unknown): {
  readonly code: string | undefined;
  readonly message: string;
} {
  try {
    const { code, message } = (error ?? {}) as {
      readonly code?: unknown;
      readonly message?: unknown;
    };
    return {
      code: typeof code === 'string' ? code : undefined,
      message: typeof message === 'string' ? message : String(error),
    };
  } catch {
    return { code: undefined, message: describeFailure(error) };
  }
}

/** `80DC:error:0A000119:SSL routines:ssl3_get_record:bad record mac:../deps/…c:616:` means `bad record mac`. */
export function reasonOf(message: string): string {
  return /:SSL routines:[^:]*:([^:]+)/.exec(message)?.[1] ?? message;
}
