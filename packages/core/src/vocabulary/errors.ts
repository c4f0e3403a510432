/**
 * Every error that a stream, listener, poll or task can report, by whose fault it is.
 *
 * Two rules hold for all of them. Expected conditions (would block, end of stream) are values, never errors; and a
 * foreign error (an errno from the operating system, a TLS failure) is translated once, at the border where it enters,
 * and kept as the `cause`. Messages name the call, what was expected and what was received; they never contain bytes of
 * a stream.
 */

/** What an error of this package is built from. */
export interface IoErrorOptions {
  /** The errno name or one of this package, such as `ECONNRESET` or `ERR_STREAM_CLOSED`. */
  readonly code: string;
  /** The call that failed, such as `read`, `connect` or `accept`. */
  readonly operation: string;
  /** The foreign error that this one translates. */
  readonly cause?: unknown;
}

/**
 * The base of every error of this package.
 *
 * `code` names the cause for programs (the errno name where the operating system gave one) and `operation` the call
 * that failed.
 *
 * @example
 * ```ts
 * import { IoError, TcpStream } from '@awaitio/core';
 *
 * try {
 *   await TcpStream.connect('127.0.0.1:1');
 * } catch (error) {
 *   if (error instanceof IoError) console.log(error.operation, error.code); // connect ECONNREFUSED
 * }
 * ```
 */
export class IoError extends Error {
  override name = 'IoError';
  readonly code: string;
  readonly operation: string;

  constructor(message: string, options: IoErrorOptions) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = options.code;
    this.operation = options.operation;
  }
}

/** This side closed the resource, or shut the direction down, before or during the call. */
export class ClosedError extends IoError {
  override name = 'ClosedError';
}

/** The peer or the network broke the connection: `ECONNRESET`, `EPIPE`, `ETIMEDOUT` and similar. */
export class BrokenError extends IoError {
  override name = 'BrokenError';
}

/** A second task called what only one task may do at a time, such as two concurrent reads of one stream. */
export class BusyError extends IoError {
  override name = 'BusyError';
}

/** The `timeout` of this call passed; the resource stays usable. */
export class TimeoutError extends IoError {
  override name = 'TimeoutError';
  /** The limit that passed, in milliseconds. */
  readonly timeout: number;
  /** What it waited for then, while `traceWaits` is on; else empty. */
  readonly waits: readonly TimedWait[];

  constructor(operation: string, timeout: number, waits: readonly TimedWait[] = []) {
    const what = `${operation} did not finish within ${timeout} ms`;
    super(what + listOf(waits), { code: 'ETIMEDOUT', operation });
    this.timeout = timeout;
    this.waits = waits;
  }
}

/** A wait whose time was over, or what a task waited for then. */
export interface TimedWait {
  /** The call that waits. */
  readonly operation: string;
  /** The name of the task that made it. */
  readonly task: string | undefined;
  /** The line of the call. */
  readonly site: string | undefined;
}

/** The most waits that a message names. */
const MOST_WAITS = 3;

function listOf(waits: readonly TimedWait[]): string {
  if (waits.length === 0) return '';
  const named = waits.slice(0, MOST_WAITS).map(({ operation, task, site }) => {
    const who = task === undefined ? '' : `task ${task} in `;
    return `${who}${operation}${site === undefined ? '' : ` ${site}`}`;
  });
  const more = waits.length - named.length;
  return ` (waiting: ${named.join('; ')}${more > 0 ? `; and ${more} more` : ''})`;
}

/**
 * A scope around the call ended: its task was aborted, its group failed, its time was over. `cause` says why.
 *
 * No `IoError`, and never a {@link TimeoutError}: a loop that catches those of the calls it makes and goes on ends with its scope.
 * Only the scope that ended turns it into its result; do not catch it for anything but cleaning up, and throw it again.
 *
 * @example
 * ```ts
 * import { memoryPair, timeout, TimeoutError } from '@awaitio/core';
 *
 * const [client, server] = memoryPair();
 * const polling = timeout(25, async () => {
 *   for (;;) {
 *     try {
 *       return await server.readLine({ timeout: 10 });
 *     } catch (error) {
 *       if (!(error instanceof TimeoutError)) throw error; // a CancelledError, after 25 ms
 *     }
 *   }
 * });
 * console.log(await polling.catch(String)); // TimeoutError: timeout did not finish within 25 ms
 * await client.close();
 * await server.close();
 * ```
 */
export class CancelledError extends Error {
  override name = 'CancelledError';
  readonly code = 'ERR_CANCELLED';
  /** What ended: `timeout`, `group`, the name of a task. */
  readonly scope: string;

  /** @param cause - Why it ended: the reason of an abort, a `TimeoutError`, the failure of another task. */
  constructor(scope: string, cause: unknown) {
    super(`${scope}: it was cancelled from outside${describeCause(cause)}`, { cause });
    this.scope = scope;
  }
}

/** The message of a cause; a getter of a foreign error may throw. */
function describeCause(cause: unknown): string {
  try {
    return cause instanceof Error && cause.message !== '' ? `: ${cause.message}` : '';
  } catch {
    return '';
  }
}

/** The peer finished before the bytes that the call needs had arrived; those that arrived can still be read. */
export class UnexpectedEofError extends IoError {
  override name = 'UnexpectedEofError';
}

/** A named limit was reached: `limit` is its value, `limitName` its name. */
export class LimitError extends IoError {
  override name = 'LimitError';
  readonly limitName: string;
  readonly limit: number;

  constructor(message: string, options: IoErrorOptions & { limitName: string; limit: number }) {
    super(message, options);
    this.limitName = options.limitName;
    this.limit = options.limit;
  }
}

/** The peer sent bytes that its protocol does not allow; none of them was taken. */
export class FrameError extends IoError {
  override name = 'FrameError';
}

/** An address could not be used: `EADDRINUSE`, `ECONNREFUSED`, `ENOTFOUND`, `EACCES` and similar. */
export class AddressError extends IoError {
  override name = 'AddressError';
}

/**
 * The TLS handshake failed, or the TLS session broke: `code` is OpenSSL's or Node's, such as
 * `ERR_SSL_WRONG_VERSION_NUMBER` or `ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL`.
 */
export class TlsError extends IoError {
  override name = 'TlsError';
}

/**
 * The peer's certificate does not prove its identity: `code` says why, such as `CERT_HAS_EXPIRED`,
 * `DEPTH_ZERO_SELF_SIGNED_CERT`, `ERR_TLS_CERT_ALTNAME_INVALID` or, for a peer that presents none,
 * `ERR_TLS_NO_CERTIFICATE`.
 */
export class CertificateError extends TlsError {
  override name = 'CertificateError';
}

/** An argument or option is not what the call accepts; the call did nothing. */
export class InvalidInputError extends IoError {
  override name = 'InvalidInputError';

  constructor(message: string, operation: string, cause?: unknown) {
    super(message, { code: 'ERR_INVALID_INPUT', operation, cause });
  }
}

/**
 * Builds the error for a wrong argument, worded the same way for every call.
 *
 * @param operation - The public call that received the argument.
 * @param name - The argument's or option's name, as the caller wrote it.
 * @param expected - What it must be, such as `a whole number from 1`.
 * @param got - What was passed.
 * @returns The error, for the caller to throw.
 */
export function invalidInput(
  operation: string,
  name: string,
  expected: string,
  got: unknown,
): InvalidInputError {
  return new InvalidInputError(
    `${operation}: expected \`${name}\` to be ${expected}, got ${describe(got)}${adviceOn(got, expected)}`,
    operation,
  );
}

/** A promise in place of its value is the commonest slip of asynchronous programs. */
function adviceOn(got: unknown, expected: string): string {
  if (typeof got !== 'object' || got === null || nameOf(got) !== 'Promise') return '';
  return expected === 'a function'
    ? ': pass the function, and do not call it'
    : ': an `await` may be missing';
}

/** Shows a wrong argument in a message without its contents. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `${JSON.stringify(value.slice(0, 64))} (string)`;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return `${value} (${typeof value})`;
  }
  if (typeof value === 'object') return `an object (${nameOf(value)})`;
  return `a ${typeof value}`;
}

/** The name of its class. A getter, or a trap of a proxy, may throw: the message must still be made. */
function nameOf(value: object): string {
  try {
    const name: unknown = value.constructor?.name;
    return typeof name === 'string' ? name.slice(0, 64) : 'Object';
  } catch {
    return 'Object';
  }
}
