/**
 * The handles under Node's sockets, and what of them Node does not document: nobody else knows those names.
 *
 * A `net.Socket` is two streams and an event emitter around a handle of libuv. For a connection that a server accepted,
 * awaitio has its own stream, so that all of this would be carried and paid for twice: a third of the memory of an idle
 * connection, four tenths of the time of one for a single request (decision 0012 has the figures). So a listener takes
 * handles before sockets are made around them, and `handle-transport.ts` works on them as Node's own `net.js` does.
 *
 * What is leaned on: `server._handle.onconnection`; the methods of a handle; the two request classes and the array of
 * results of `process.binding('stream_wrap')`. The protocol between these is not Node's promise, so three things are asked
 * before it is used: that this is a release line of Node on which the whole test suite has been run this way; that every
 * name is there and of its kind; and that the handle that has arrived has the methods. Where one of them fails (another
 * Node, the permission model, which forbids the binding, a Node that was built otherwise), a listener makes sockets of Node
 * as everybody else does, and everything works the same.
 */

import type { Server } from 'node:net';
import { getSystemErrorName } from 'node:util';
import { usesSharedReads } from './shared-buffer.ts';

/** The release lines of Node that the test suite has been run on with handles. */
const KNOWN_LINES: ReadonlySet<string> = new Set(['20', '22', '24', '26']);

/** What a read says when the peer has finished, in libuv's numbers. */
export const END_OF_FILE = -4095;
/** What a call says of a connection that is gone already. */
export const NOT_CONNECTED = 'ENOTCONN';

/** An address as a handle writes it. */
export interface HandleAddress {
  address?: string;
  family?: string;
  port?: number;
}

/** A stream of libuv: a TCP connection, or a pipe, which is what a Unix socket is there. Statuses below 0 are errors. */
export interface StreamHandle {
  /** The descriptor; not on Windows. */
  readonly fd?: number;
  /** Told that something was read; how much stands in the results. What it returns must be `undefined`. */
  onread: (this: never) => void;
  /** Has reads go into memory that the caller keeps alive as long as the handle is open. */
  useUserBuffer(buffer: Uint8Array): void;
  readStart(): number;
  readStop(): number;
  writeLatin1String(request: HandleRequest, text: string): number;
  /** The memory must be kept until the request has completed. */
  writeBuffer(request: HandleRequest, bytes: Uint8Array): number;
  /** Pieces; or, when not `areBuffers`, each piece followed by its encoding. */
  writev(request: HandleRequest, pieces: readonly unknown[], areBuffers: boolean): number;
  /** Sends FIN after what was written. */
  shutdown(request: HandleRequest): number;
  close(closed: (this: never) => void): void;
  ref(): void;
  unref(): void;
  /** Sends an RST; refused while FIN is being sent. TCP only, as what follows. */
  reset?(closed: (this: never) => void): number;
  setNoDelay?(noDelay: boolean): number;
  /** With whole seconds. */
  setKeepAlive?(keepAlive: boolean, initialDelay: number): number;
  getsockname?(into: HandleAddress): number;
  getpeername?(into: HandleAddress): number;
}

/** A write or a shutdown that may take longer than its call. */
export interface HandleRequest {
  oncomplete?: (this: never, status: number) => void;
}

/** What it takes to work with handles: what is got of the binding, and a request. */
export interface HandleBindings {
  readonly WriteWrap: new () => HandleRequest;
  readonly ShutdownWrap: new () => HandleRequest;
  /** The results of the last call or callback, by the indexes below. */
  readonly results: Int32Array;
  /** A number of bytes, or an error. */
  readonly readResult: number;
  /** Whether the last write goes on after its call. */
  readonly isAsync: number;
  /** The request of the next write: one that completes within its call, as nearly all do, can be used again. */
  spare: HandleRequest;
}

/** Where the names come from; a test has others. */
export interface Platform {
  readonly line: string;
  readonly binding: (name: string) => unknown;
}

const node: Platform = {
  line: process.versions.node.split('.')[0] as string,
  binding: (name) => (process as unknown as { binding(name: string): unknown }).binding(name),
};

let kit: HandleBindings | undefined;
let isLoaded = false;

/** What handles are worked with; `undefined` where they are left alone. Looked for once, when the first listener asks. */
export function handleBindings(): HandleBindings | undefined {
  if (!isLoaded) {
    isLoaded = true;
    kit = usesSharedReads() ? loadKit(node) : undefined;
  }
  return kit;
}

/** Looks for the names, and for what they stand for. */
export function loadKit({ line, binding }: Platform): HandleBindings | undefined {
  if (!KNOWN_LINES.has(line)) return undefined;
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

/** Whether something has the methods of a handle. */
export function isStreamHandle(value: unknown): value is StreamHandle {
  return METHODS.every((name) => typeof (value as StreamHandle | undefined)?.[name] === 'function');
}

/**
 * Breaks a connection off with an RST; closes it where there is none to send (only TCP has one), or libuv refuses.
 *
 * @param closed - Called once, when the handle is closed.
 */
export function breakOff(handle: StreamHandle, closed: (this: never) => void): void {
  const isReset = handle.reset !== undefined && handle.reset(closed) === 0;
  if (!isReset) handle.close(closed);
}

/** The undocumented part of a server. */
interface ServerInternals {
  readonly _handle?: { onconnection?: (status: number, accepted?: unknown) => void } | null;
}

/**
 * Has a server that listens give the handles of what it accepts instead of sockets. What is no handle as we know it, and
 * an error, still goes the server's own way.
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

/** The error that a status stands for, as Node would have made it. */
export function systemError(status: number, syscall: string): NodeJS.ErrnoException {
  const code = getSystemErrorName(status);
  return Object.assign(new Error(`${syscall} ${code}`), { errno: status, code, syscall });
}
