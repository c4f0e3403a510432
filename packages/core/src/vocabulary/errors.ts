/**
 * Every error a stream, listener, poll or task can give, by whose fault it is.
 *
 * Two rules hold for all of them. Expected conditions (would block, end of stream) are values, never errors; and a
 * foreign error (an errno from the operating system, a TLS failure) is translated once, at the border where it enters,
 * and kept as the `cause`. Messages name the call, what was expected and what came; they never hold bytes of a stream.
 */

/** What an error of this package is built from. */
export interface IoErrorOptions {
  /** The errno name or a name of our own, such as `ECONNRESET` or `ERR_STREAM_CLOSED`. */
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

/** The peer or the network broke the connection: `ECONNRESET`, `EPIPE`, `ETIMEDOUT` and their kin. */
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

  constructor(operation: string, timeout: number) {
    super(`${operation} did not finish within ${timeout} ms`, { code: 'ETIMEDOUT', operation });
    this.timeout = timeout;
  }
}

/** The peer ended its side before the bytes that the call needs had come; those that came are still there to read. */
export class UnexpectedEofError extends IoError {
  override name = 'UnexpectedEofError';
}

/** A bound with a name was reached: `limit` is its value, `limitName` its name. */
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

/** An address could not be used: `EADDRINUSE`, `ECONNREFUSED`, `ENOTFOUND`, `EACCES` and their kin. */
export class AddressError extends IoError {
  override name = 'AddressError';
}

/**
 * TLS could not be agreed on with the peer, or broke down: `code` is OpenSSL's or Node's, such as
 * `ERR_SSL_WRONG_VERSION_NUMBER` or `ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL`.
 */
export class TlsError extends IoError {
  override name = 'TlsError';
}

/**
 * The peer's certificate does not prove who it is: `code` says why, such as `CERT_HAS_EXPIRED`,
 * `DEPTH_ZERO_SELF_SIGNED_CERT`, `ERR_TLS_CERT_ALTNAME_INVALID` or, for a peer that shows none, `ERR_TLS_NO_CERTIFICATE`.
 */
export class CertificateError extends TlsError {
  override name = 'CertificateError';
}

/** An argument or option is not what the call takes; nothing was done. */
export class InvalidInputError extends IoError {
  override name = 'InvalidInputError';

  constructor(message: string, operation: string, cause?: unknown) {
    super(message, { code: 'ERR_INVALID_INPUT', operation, cause });
  }
}

/**
 * Builds the error for a wrong argument in the one voice all of them share.
 *
 * @param operation - The public call that was given the argument.
 * @param name - The argument's or option's name, as the caller wrote it.
 * @param expected - What it must be, such as `a whole number from 1`.
 * @param got - What came.
 * @returns The error, for the caller to throw.
 */
export function invalidInput(
  operation: string,
  name: string,
  expected: string,
  got: unknown,
): InvalidInputError {
  return new InvalidInputError(
    `${operation}: expected \`${name}\` to be ${expected}, got ${describe(got)}`,
    operation,
  );
}

/** Shows a wrong argument in a message without dumping what it holds. */
function describe(value: unknown): string {
  if (value === null || value === undefined) return String(value);
  if (typeof value === 'string') return `${JSON.stringify(value.slice(0, 64))} (string)`;
  if (typeof value === 'number' || typeof value === 'bigint' || typeof value === 'boolean') {
    return `${value} (${typeof value})`;
  }
  if (typeof value === 'object') return `an object (${value.constructor?.name ?? 'Object'})`;
  return `a ${typeof value}`;
}
