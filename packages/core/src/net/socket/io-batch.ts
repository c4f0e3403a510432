/**
 * One turn of the event loop at a time: what all sockets of a turn gave is delivered together, and what they are given is
 * sent together.
 *
 * Node runs promise reactions after every single callback from libuv. A server that reads 64 sockets in one turn would so
 * go 64 times through read, parse, handle, encode and write, and between two of them through the kernel, which leaves
 * little of the program in the processor's caches. Delivered together, all heads are parsed, then all handlers run, then
 * everything is written: the same work in another order, for about two thirds of the time (`pnpm bench --only echo` with
 * this file's queues switched off shows it; docs/performance.md has the figures).
 *
 * Small reads are copied into an arena and delivered in the check phase that follows the poll phase they came in. Small
 * writes wait for the end of the present run of promise reactions: a tick that is asked for from within a reaction comes
 * after the last of them. Nothing waits for company longer than that, so a socket that is alone loses nothing.
 *
 * Order is kept for each socket: whoever has something to tell after bytes (the end, an error) calls `deliverReads` first,
 * and a socket with something to send after bytes sends those first.
 */

/** A socket that has bytes to deliver or to send. */
export interface BatchMember {
  /** Gets borrowed bytes. */
  deliver(view: Uint8Array): void;
  /** Sends what waits. */
  flushNow(): void;
}

/** How many bytes of small reads one turn collects before it delivers them early. */
const ARENA_SIZE = 262_144;
/** Reads larger than this cost more to copy than they gain. */
const SMALL_READ = 8_192;

const arena = new Uint8Array(ARENA_SIZE);
let used = 0;
let readers: BatchMember[] = [];
/** Where in the arena the bytes of each reader end. */
let ends: number[] = [];
let isDeliveryScheduled = false;
let writers: BatchMember[] = [];

/** Keeps bytes for the end of the poll phase; `false` when they are too many and are the caller's to deliver at once. */
export function queueRead(reader: BatchMember, view: Uint8Array): boolean {
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
    setImmediate(onCheck);
  }
  return true;
}

function onCheck(): void {
  isDeliveryScheduled = false;
  deliverReads();
}

/** Delivers what was kept, in the order in which it came. */
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
      // Half as dear as `subarray`, which asks for the species.
      const view = new Uint8Array(arena.buffer, start, end - start);
      (members[index] as BatchMember).deliver(view);
    } catch (error) {
      // Somebody's observer threw. The bytes of the others must not be lost for it.
      failure ??= { error };
    }
    start = end;
  }
  // Receivers copy what they keep, and none of them makes a socket read: nobody has written here meanwhile.
  used = 0;
  if (failure !== undefined) throw failure.error;
}

/** Has a socket send what waits when the promise reactions that run now have ended. */
export function queueWrite(writer: BatchMember): void {
  if (writers.length === 0) process.nextTick(sendAll);
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
