/**
 * Keep-alive probes and the type of service of a socket: what goes to the kernel, and which versions of Node can pass it on.
 *
 * The kernel counts in whole seconds, and takes none for its own default of two hours: less than a second is a second.
 */

import { Socket } from 'node:net';
import { IoError } from '../../vocabulary/errors.ts';

/** How the kernel probes an idle peer. */
export interface KeepAliveProbes {
  /** Milliseconds of silence before the first probe, rounded up to whole seconds. @default 7200000 (RFC 1122 section 4.2.3.6) */
  readonly delay?: number | undefined;
  /** Milliseconds between probes without an answer, rounded up to whole seconds. @default 1000, Node's */
  readonly interval?: number | undefined;
  /** How many probes without an answer end the connection. @default 10, Node's */
  readonly count?: number | undefined;
}

/** What `TcpSocketOptions.keepAlive` may be. */
export type KeepAlive = boolean | number | KeepAliveProbes;

/** The arguments of Node's handle: whether to probe, seconds, seconds, a count. */
export type ProbeArguments = readonly [
  isOn: boolean,
  delay: number,
  interval?: number | undefined,
  count?: number | undefined,
];

// By what is there, not by version: 24.19 and 26.4 have it, 25 does not.
const canSetProbes = Socket.prototype.setKeepAlive.length >= 4;
const canSetTypeOfService = 'setTypeOfService' in Socket.prototype;

const TWO_HOURS = 7_200_000;
/** The most that Linux takes (TCP_KEEPIDLE); a number of more bits would become another one. */
const MOST_SECONDS = 32_767;

const seconds = (milliseconds: number): number =>
  Math.min(Math.max(1, Math.ceil(milliseconds / 1_000)), MOST_SECONDS);

/** What goes to the kernel; a delay of 0 leaves the system's. */
export function probeArguments(keepAlive: KeepAlive): ProbeArguments {
  if (typeof keepAlive === 'boolean') return [keepAlive, 0];
  if (typeof keepAlive === 'number') return [true, seconds(keepAlive)];
  const { delay = TWO_HOURS, interval, count } = keepAlive;
  const first = seconds(delay);
  if (interval === undefined && count === undefined) return [true, first];
  return [true, first, interval === undefined ? undefined : seconds(interval), count];
}

/** @throws `IoError` (`ENOTSUP`) for what this version of Node cannot tell the kernel: nothing has been changed then. */
export function checkSocketOptions(
  operation: string,
  options: {
    readonly keepAlive?: KeepAlive | undefined;
    readonly typeOfService?: number | undefined;
  },
): void {
  const { keepAlive, typeOfService } = options;
  if (!canSetProbes && keepAlive !== undefined && probeArguments(keepAlive).length > 2) {
    throw unsupported(operation, '`interval` and `count` of `keepAlive`', '24.19 or 26.4');
  }
  if (!canSetTypeOfService && typeOfService !== undefined) {
    throw unsupported(operation, '`typeOfService`', '24.15 or 25.6');
  }
}

function unsupported(operation: string, what: string, versions: string): IoError {
  return new IoError(
    `${operation}: ${what} only with Node ${versions}, this is ${process.version}`,
    {
      code: 'ENOTSUP',
      operation,
    },
  );
}

/** Sets the type of service on an open socket of Node, whose types may be older than it. */
export function setTypeOfService(socket: Socket, typeOfService: number): void {
  (socket as Socket & { setTypeOfService?(value: number): void }).setTypeOfService?.(typeOfService);
}

/** A socket of Node 24.19 or 26.4, whose types are older. */
interface SocketWithProbes {
  setKeepAlive(isOn: boolean, delay: number, interval?: number, count?: number): unknown;
}

/** Sets keep-alive on an open socket of Node. */
export function setKeepAlive(socket: Socket, keepAlive: KeepAlive): void {
  const [isOn, delay, interval, count] = probeArguments(keepAlive);
  if (interval === undefined && count === undefined) {
    if (delay === 0) socket.setKeepAlive(isOn);
    else socket.setKeepAlive(isOn, delay * 1_000);
    return;
  }
  const pause = interval === undefined ? undefined : interval * 1_000;
  (socket as SocketWithProbes).setKeepAlive(isOn, delay * 1_000, pause, count);
}
