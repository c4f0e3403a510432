/**
 * The handles under Node's sockets, and everything undocumented about them: no other file uses those names.
 *
 * A `net.Socket` is two streams and an event emitter around a libuv handle. awaitio has its own stream, so all of this would exist
 * and cost twice: a third of the memory of an idle connection, four tenths of the time of one for a single request (decision
 * 0012 has the figures). So a listener takes handles before sockets are made around them, a connection that was made by
 * `net.connect` leaves its socket behind, and `handle-transport.ts` uses handles as Node's own `net.js` does.
 *
 * What is relied on: `server._handle.onconnection` and `socket._handle`; the methods of a handle; the two request classes and the array of
 * results of `process.binding('stream_wrap')`. Node makes no promise about any of this, so three things are checked before
 * use: that this release line of Node has run the whole test suite this way; that every name exists and is of the expected
 * kind; and that each accepted handle has the methods. Where a check fails (another version of Node, the permission model,
 * which forbids the binding, `--pending-deprecation`, which warns of it, a custom build), `net.Socket` is used, and everything
 * works the same.
 */

import { Socket, type Server, type SocketConstructorOpts } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { usesSharedReads } from './shared-buffer.ts';

/** The release lines of Node on which the test suite has run with handles. */
const KNOWN_LINES: ReadonlySet<string> = new Set(['20', '22', '24', '26']);

/** The status of a read at EOF: libuv's `UV_EOF`. */
export const END_OF_FILE = -4095;
/** The error code of a call on a connection that is already closed. */
export const NOT_CONNECTED = 'ENOTCONN';

/** An address, filled in by a handle. */
export interface HandleAddress {
  address?: string;
  family?: string;
  port?: number;
}

/** A libuv stream: a TCP connection, or a pipe, which is libuv's name for a Unix socket. A status below 0 is an error. */
export interface StreamHandle {
  /** The descriptor; absent on Windows. */
  readonly fd?: number;
  /** Called after each read, with the count in the results. It must return `undefined`. */
  onread: (this: never) => void;
  /** Makes reads go into this memory, which the caller keeps alive while the handle is open. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeLatin1String(request: HandleRequest, text: string): number;
  /** The memory must stay alive until the request has completed. */
  writeBuffer(request: HandleRequest, bytes: Uint8Array): number;
  /** Takes the pieces; unless `areBuffers`, each piece is followed by its encoding. */
  writev(request: HandleRequest, pieces: readonly unknown[], areBuffers: boolean): number;
  /** Sends FIN after what was written. */
  shutdown(request: HandleRequest): number;
  close(closed: (this: never) => void): void;
  ref(): void;
  unref(): void;
  /** Sends an RST; refused while FIN is being sent. TCP only, as all that follow. */
  reset?(closed: (this: never) => void): number;
  setNoDelay?(noDelay: boolean): number;
  /** The delay and the interval are in whole seconds; older versions of Node take only two arguments. */
  setKeepAlive?(
    keepAlive: boolean,
    initialDelay: number,
    interval?: number,
    count?: number,
  ): number;
  setTypeOfService?(typeOfService: number): number;
  getsockname?(into: HandleAddress): number;
  getpeername?(into: HandleAddress): number;
}

/** A write or a shutdown that may complete after its call. */
export interface HandleRequest {
  oncomplete?: (this: never, status: number) => void;
}

/** The parts of Node's binding that handles are used with, and a spare request. */
export interface HandleBindings {
  readonly WriteWrap: new () => HandleRequest;
  readonly ShutdownWrap: new () => HandleRequest;
  /** The results of the last call or callback, at the indexes below. */
  readonly results: Int32Array;
  /** The index of a read's byte count or error. */
  readonly readResult: number;
  /** The index of whether the last write is still incomplete. */
  readonly isAsync: number;
  /** The request for the next write. One that completed within its call, as nearly all do, is reused. */
  spare: HandleRequest;
}

/** Where the names come from; tests substitute their own. */
export interface Platform {
  readonly line: string;
  readonly binding: (name: string) => unknown;
  /** Whether a call of `binding` prints a warning, or throws one. */
  readonly warns: boolean;
}

/**
 * With `--pending-deprecation`, `process.binding` is a function that warns once and calls the one that was there, which is
 * its prototype: that is what `util.deprecate` makes. To find out by a call would be to warn.
 */
export function isDeprecated(method: unknown): boolean {
  const original: unknown = Object.getPrototypeOf(method);
  return typeof original === 'function' && original.name !== '';
}

/** Node's types leave `binding` out. */
const owner = process as unknown as { readonly binding: (name: string) => unknown };

const node: Platform = {
  line: process.versions.node.split('.')[0] as string,
  binding: (name) => owner.binding(name),
  get warns() {
    return isDeprecated(owner.binding);
  },
};

let bindings: HandleBindings | undefined;
let isLoaded = false;

/** The bindings for connections of `net.connect` and for TLS. Deno has the names of these handles, but not all of what they do. */
export function ownBindings(): HandleBindings | undefined {
  return 'deno' in process.versions ? undefined : handleBindings();
}

/** The bindings; `undefined` where handles are not used. They are loaded once, for the first connection or listener. */
export function handleBindings(): HandleBindings | undefined {
  if (!isLoaded) {
    isLoaded = true;
    bindings = usesSharedReads() ? loadBindings(node) : undefined;
  }
  return bindings;
}

/** Loads the bindings and checks every name. */
export function loadBindings({ line, binding, warns }: Platform): HandleBindings | undefined {
  if (!KNOWN_LINES.has(line) || warns) return undefined;
  try {
    const names = binding('stream_wrap') as Readonly<Record<string, unknown>>;
    const { WriteWrap, ShutdownWrap, streamBaseState: results } = names;
    const { kReadBytesOrError: readResult, kLastWriteWasAsync: isAsync } = names;
    const isKnown =
      ArrayBuffer.isView(results) &&
      isIndex(readResult, results) &&
      isIndex(isAsync, results) &&
      readResult !== isAsync;
    if (!isKnown) return undefined;
    const found = { WriteWrap, ShutdownWrap } as Pick<HandleBindings, 'WriteWrap' | 'ShutdownWrap'>;
    const [spare, finish] = [new found.WriteWrap(), new found.ShutdownWrap()];
    if (typeof spare !== 'object' || typeof finish !== 'object') return undefined;
    return { ...found, results: results as Int32Array, readResult, isAsync, spare };
  } catch {
    return undefined;
  }
}

function isIndex(value: unknown, results: ArrayBufferView): value is number {
  return Number.isInteger(value) && (results as Int32Array)[value as number] !== undefined;
}

const METHODS = [
  'useUserBuffer',
  'readStart',
  'readStop',
  'writeLatin1String',
  'writeBuffer',
  'writev',
  'shutdown',
  'close',
  'ref',
  'unref',
] as const satisfies readonly (keyof StreamHandle)[];

/** Whether a value has the methods of a handle. */
export function isStreamHandle(value: unknown): value is StreamHandle {
  return METHODS.every((name) => typeof (value as StreamHandle | undefined)?.[name] === 'function');
}

/**
 * Resets a connection with an RST; closes it where there is no RST (only TCP has one), or libuv refuses.
 *
 * @param closed - Called once, when the handle is closed.
 */
export function resetOrClose(handle: StreamHandle, closed: (this: never) => void): void {
  const isReset = handle.reset !== undefined && handle.reset(closed) === 0;
  if (!isReset) handle.close(closed);
}

/** A socket around a handle, for TLS to be carried by: it does not begin to read. */
export function socketOf(handle: StreamHandle): Socket {
  return new Socket({ handle, allowHalfOpen: true, manualStart: true } as SocketConstructorOpts);
}

/** The handle of a socket, if there is one with the methods that are used here. */
export function handleOf(socket: Socket): StreamHandle | undefined {
  const { _handle: handle } = socket as unknown as { readonly _handle?: unknown };
  return isStreamHandle(handle) ? handle : undefined;
}

/** Leaves a connected socket without its handle, which has another carrier from now on: nothing is left that the socket could end. */
export function leaveHandle(socket: Socket): void {
  (socket as unknown as { _handle: StreamHandle | null })._handle = null;
  socket.destroy();
}

/** The undocumented part of `net.Server`. */
interface ServerInternals {
  readonly _handle?: { onconnection?: (status: number, accepted?: unknown) => void } | null;
}

/**
 * Makes a listening server pass on the handles of accepted connections instead of making sockets. Errors, and handles of an
 * unknown kind, still take the server's own path.
 */
export function takeHandles(server: Server, take: (handle: StreamHandle) => void): void {
  const listening = (server as unknown as ServerInternals)._handle;
  const makeSocket = listening?.onconnection;
  if (!listening || typeof makeSocket !== 'function') return;
  listening.onconnection = (status, accepted) => {
    if (status === 0 && isStreamHandle(accepted)) take(accepted);
    else makeSocket.call(listening, status, accepted);
  };
}

/** Whether a handle that was not paused still reads: libuv stops by itself at a FIN or an error. It reads afterwards. */
export function isStillReading(handle: StreamHandle): boolean {
  const status = handle.readStart();
  return status < 0 && getSystemErrorName(status) === 'EALREADY';
}

/** The error for a status, as Node makes it. */
export function systemError(status: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`${syscall} ${code}`), { errno: status, code, syscall });
}
