/**
 * What of an echo is JavaScript: a server answers over handles of libuv that make no system call. Arguments: SECONDS [CHECKOUT], the
 * latter with a build of awaitio to measure in place of this one.
 *
 * Prints the nanoseconds of processor time that one request takes. Two builds are compared by running them in turns, several processes of each:
 * identical ones differ by up to 2 %.
 */

import { Server } from 'node:net';
import { pathToFileURL } from 'node:url';
import { resolve } from 'node:path';
import { setImmediate as nextTurn } from 'node:timers/promises';
import type * as Http from '@awaitio/http';
import { ECHO } from '../load/exchanges.ts';

const CONNECTIONS = 64;
const WARMUP_SHARE = 1 / 3;

/** What libuv's calls leave their results in. */
interface StreamWrap {
  readonly streamBaseState: Int32Array;
  readonly kReadBytesOrError: number;
  readonly kLastWriteWasAsync: number;
}

// Not in the types of Node, which makes no promise about it.
const binding = Reflect.get(process, 'binding') as (name: string) => StreamWrap;
const { streamBaseState, kReadBytesOrError, kLastWriteWasAsync } = binding('stream_wrap');

let answers = 0;

/** An accepted connection whose bytes come from this program, and whose answers are counted. */
class CountingHandle {
  readonly fd = -1;
  onread: (() => void) | undefined;
  #buffer: Uint8Array = new Uint8Array(0);

  /** A request has arrived. */
  receive(request: Uint8Array): void {
    this.#buffer.set(request);
    streamBaseState[kReadBytesOrError] = request.length;
    this.onread?.();
  }

  useUserBuffer(buffer: Uint8Array): void {
    this.#buffer = buffer;
  }

  writeLatin1String(): number {
    return this.#written();
  }

  writeBuffer(): number {
    return this.#written();
  }

  writev(): number {
    return this.#written();
  }

  #written(): number {
    answers += 1;
    streamBaseState[kLastWriteWasAsync] = 0;
    return 0;
  }

  getsockname(out: Record<string, unknown>): number {
    return addressed(out, 1);
  }

  getpeername(out: Record<string, unknown>): number {
    return addressed(out, 2);
  }

  readStart(): number {
    return 0;
  }

  readStop(): number {
    return 0;
  }

  setNoDelay(): number {
    return 0;
  }

  setKeepAlive(): number {
    return 0;
  }

  shutdown(): number {
    return 0;
  }

  ref(): void {}

  unref(): void {}

  close(): void {}
}

function addressed(out: Record<string, unknown>, port: number): number {
  Object.assign(out, { address: '127.0.0.1', family: 'IPv4', port });
  return 0;
}

/** Begins to serve, and connects the handles. */
async function connect(checkout: string | undefined): Promise<readonly CountingHandle[]> {
  const servers: Server[] = [];
  const listen = Reflect.get(Server.prototype, 'listen') as (...args: unknown[]) => Server;
  Server.prototype.listen = function (this: Server, ...args: unknown[]): Server {
    servers.push(this);
    return Reflect.apply(listen, this, args);
  };
  const module =
    checkout === undefined
      ? '@awaitio/http'
      : pathToFileURL(resolve(checkout, 'packages/http/dist/index.js')).href;
  const { echo, serve } = (await import(module)) as typeof Http;
  await serve(echo(), { deadlines: { idle: Infinity, firstByte: Infinity } });
  const handle = Reflect.get(servers[0] as Server, '_handle') as {
    onconnection(error: number, handle: CountingHandle): void;
  };
  const handles = Array.from({ length: CONNECTIONS }, () => new CountingHandle());
  for (const connection of handles) handle.onconnection(0, connection);
  await nextTurn();
  return handles;
}

/** A request on each connection, and their answers. */
async function round(handles: readonly CountingHandle[]): Promise<void> {
  answers = 0;
  for (const handle of handles) handle.receive(ECHO.request);
  await nextTurn();
  await nextTurn();
  if (answers !== CONNECTIONS) throw new Error(`${answers} answers, expected ${CONNECTIONS}`);
}

async function measure(handles: readonly CountingHandle[], seconds: number): Promise<number> {
  const begun = process.cpuUsage();
  const end = performance.now() + seconds * 1_000;
  let requests = 0;
  while (performance.now() < end) {
    await round(handles);
    requests += CONNECTIONS;
  }
  const { user, system } = process.cpuUsage(begun);
  return ((user + system) * 1_000) / requests;
}

const seconds = Number(process.argv[2] ?? 5);
const handles = await connect(process.argv[3]);
await measure(handles, seconds * WARMUP_SHARE);
console.log(JSON.stringify({ nanoseconds: await measure(handles, seconds) }));
process.exit();
