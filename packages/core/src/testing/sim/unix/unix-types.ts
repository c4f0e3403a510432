/** Unix sockets of simulated hosts, as a program sees them. */

import { ADMISSION_OPTIONS, type AdmissionOptions } from '../../../listening/admission.ts';
import type { Listener } from '../../../listening/listener.ts';
import { STREAM_OPTIONS, type StreamOptions } from '../../../streams/byte-stream.ts';
import type { PathAddress, SocketPath } from '../../../vocabulary/address.ts';
import { rules, type OptionTable } from '../../../vocabulary/check.ts';
import { invalidInput } from '../../../vocabulary/errors.ts';
import type { SimUnixStream } from './unix-stream.ts';

/** A path of a simulated host, `{ path }`, or a `localAddress`; a name that begins with `\0` is abstract. */
export type SimUnixAddress = string | Readonly<SocketPath>;

/** Options of {@link SimHost.listenUnix}: those of `UnixListener.bind` that apply to a simulated host. */
export interface SimUnixListenOptions extends StreamOptions, AdmissionOptions<SimUnixStream> {
  /** Closes the listener when it aborts. */
  readonly signal?: AbortSignal | undefined;
  /** Removes a stale socket file, which a program leaves that was gone before it closed its listener. @default false */
  readonly removeStale?: boolean | undefined;
  /** Takes the path over from a listener: it gets no more connections, and keeps those that it has. @default false */
  readonly replace?: boolean | undefined;
  /** The permission bits of the file; without one of `0o222`, no program may connect. @default 0o755 */
  readonly mode?: number | undefined;
}

/** What {@link SimUnixListenOptions} may be. */
export const SIM_UNIX_LISTEN_OPTIONS: OptionTable<SimUnixListenOptions> = {
  ...STREAM_OPTIONS,
  ...ADMISSION_OPTIONS,
  signal: rules.signal,
  removeStale: rules.flag,
  replace: rules.flag,
  mode: { expected: 'permission bits from 0 to 0o777', accepts: rules.whole(0, 0o777).accepts },
};

/** A listener on a Unix socket of a simulated host, from {@link SimHost.listenUnix}. */
export interface SimUnixListener extends Listener<SimUnixStream> {
  readonly localAddress: PathAddress;
  /** As `UnixListener.unref`; does nothing here. */
  unref(): void;
  /** As `UnixListener.ref`; does nothing here. */
  ref(): void;
}

/** The most bytes of a path, on every machine: a simulated host is a Linux. */
const MAX_PATH = 107;

/** @throws `InvalidInputError` as for real paths. */
export function checkedPath(operation: string, address: unknown): string {
  const path: unknown =
    typeof address === 'object' && address !== null ? Reflect.get(address, 'path') : address;
  if (typeof path !== 'string' || path === '' || path === '\0' || path.includes('\0', 1)) {
    throw invalidInput(
      operation,
      'path',
      'a non-empty string, with NUL at most at its start',
      path,
    );
  }
  if (Buffer.byteLength(path) > MAX_PATH) {
    throw invalidInput(operation, 'path', `a path of at most ${MAX_PATH} bytes`, path);
  }
  return path;
}
