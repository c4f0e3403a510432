/**
 * Batches the I/O of all sockets by iteration of the event loop: what was read is delivered together, and what was written
 * is sent together.
 *
 * Node runs promise reactions after every callback from libuv. A server that reads 64 sockets in one iteration would go 64
 * times through read, parse, handle, encode and write, with system calls in between, which leaves little of the server's
 * code in the processor's caches. Batched, all heads are parsed, then all handlers run, then everything is written:
 * the same work in another order, in about two thirds of the time (`pnpm bench --only echo` with both queues of this file
 * switched off shows it; docs/performance.md has the figures).
 *
 * Small reads are copied into an arena and delivered in the check phase after the poll phase in which they arrived. Small
 * writes are sent after the current run of promise reactions: a tick that is queued from a reaction runs after the last of
 * them. Nothing waits longer than that, so a single busy socket loses nothing.
 *
 * Order is kept for each socket: `deliverReads` is called before EOF or an error is reported, and queued bytes are sent
 * before later ones.
 */

import { immediate, nextTick } from '../../vocabulary/platform.ts';

/** A socket with bytes to deliver or to send. */
export interface BatchMember {
  /** Receives borrowed bytes. */
  deliver(view: Uint8Array): void;
  /** Sends the queued bytes. */
  flushNow(): void;
}

/** How many bytes of small reads are collected before they are delivered early. */
const ARENA_SIZE = 262_144;
/** Larger reads cost more to copy than batching gains. */
const SMALL_READ = 8_192;

const arena = new Uint8Array(ARENA_SIZE);
let used = 0;
let readers: BatchMember[] = [];
/** For each reader, the end of its bytes in the arena. */
let ends: number[] = [];
/** The socket that read bytes last, until the check phase. */
let lastReader: BatchMember | undefined;
let isDeliveryScheduled = false;
let writers: BatchMember[] = [];

/** Queues bytes for the check phase; `false` when they are too many, and the caller must deliver them at once. */
export function queueRead(reader: BatchMember, view: Uint8Array): boolean {
  lastReader = reader;
  if (view.length > SMALL_READ) {
    deliverReads();
    return false;
  }
  if (used + view.length > ARENA_SIZE) deliverReads();
  arena.set(view, used);
  used += view.length;
  readers.push(reader);
  ends.push(used);
  if (!isDeliveryScheduled) {
    isDeliveryScheduled = true;
    immediate(onCheck);
  }
  return true;
}

function onCheck(): void {
  isDeliveryScheduled = false;
  lastReader = undefined;
  deliverReads();
}

/**
 * Whether this socket was the last to read bytes, in this poll phase. libuv mistakes a hang-up for EOF (`verify-eof.ts`) only
 * directly after such a read: in every other case the kernel need not be asked again.
 */
export function isLastReader(reader: BatchMember): boolean {
  return lastReader === reader;
}

/** Delivers the queued reads, in the order in which they arrived. */
export function deliverReads(): void {
  if (readers.length === 0) return;
  const members = readers;
  const offsets = ends;
  readers = [];
  ends = [];
  let start = 0;
  let failure: { readonly error: unknown } | undefined;
  for (let index = 0; index < members.length; index += 1) {
    const end = offsets[index] as number;
    try {
      // Twice as fast as `subarray`, which looks up `Symbol.species`.
      const view = new Uint8Array(arena.buffer, start, end - start);
      (members[index] as BatchMember).deliver(view);
    } catch (error) {
      // An observer threw. The bytes of the other sockets must not be lost.
      failure ??= { error };
    }
    start = end;
  }
  // Receivers copy what they keep, and cannot cause a read of a socket: nothing was written to the arena meanwhile.
  used = 0;
  if (failure !== undefined) throw failure.error;
}

/** Flushes a socket after the current run of promise reactions. */
export function queueWrite(writer: BatchMember): void {
  if (writers.length === 0) nextTick(sendAll);
  writers.push(writer);
}

function sendAll(): void {
  const members = writers;
  writers = [];
  let failure: { readonly error: unknown } | undefined;
  for (const member of members) {
    try {
      member.flushNow();
    } catch (error) {
      failure ??= { error };
    }
  }
  if (failure !== undefined) throw failure.error;
}
