/**
 * The bytes for which a request was refused, for inspectors that ask for them.
 *
 * They are what a peer sent, secrets included, so nothing keeps them unless it was asked to, and then only some around the fault.
 */

/** Some of what was received, and which byte of it was one too many. */
export interface RefusedBytes {
  readonly bytes: Uint8Array;
  /** The index of the byte at which the fault was noticed. */
  readonly at: number;
}

/** Takes the bytes of a request that was refused. It must not throw. */
export interface RefusedBytesWatcher {
  /** The most bytes that it wants. */
  readonly mostBytes: number;
  onRefusedBytes(cause: string, refused: RefusedBytes): void;
}

const watchers = new Set<RefusedBytesWatcher>();

/** How many bytes to keep of what is received; 0 while no inspector has asked. Looked at for each read. */
export const refusedBytes = { most: 0 };

function measure(): void {
  refusedBytes.most = Math.max(0, ...Array.from(watchers, ({ mostBytes }) => mostBytes));
}

/** @returns ends it; idempotent */
export function watchRefusedBytes(watcher: RefusedBytesWatcher): () => void {
  watchers.add(watcher);
  measure();
  return () => {
    watchers.delete(watcher);
    measure();
  };
}

/** A request was refused for what these bytes say. */
export function tellRefusedBytes(cause: string, refused: RefusedBytes | undefined): void {
  if (refused === undefined) return;
  for (const watcher of watchers) watcher.onRefusedBytes(cause, refused);
}

/** Keeps the last of what is received, until a fault is found in it. */
export class ReceivedTail {
  #before: Uint8Array = new Uint8Array(0);
  /** What was kept around the fault. */
  refused: RefusedBytes | undefined;

  /**
   * Bytes were received.
   *
   * @param count - How many of them were consumed: the others come again.
   * @param failedAt - The index of the byte of the fault; -1 for none.
   * @param most - The most bytes to keep.
   */
  add(view: Uint8Array, count: number, failedAt: number, most: number): void {
    if (this.refused !== undefined) return;
    if (failedAt === -1) {
      this.#before = lastOf(this.#before, view.subarray(0, count), most);
      return;
    }
    // Three quarters of it before the fault: what comes after it was not read.
    const after = Math.min(view.length, failedAt + 1 + (most >> 2));
    const until = lastOf(this.#before, view.subarray(0, after), most);
    this.refused = { bytes: until, at: Math.max(0, until.length - (after - failedAt)) };
  }
}

/** A copy of the last bytes of two pieces. */
function lastOf(first: Uint8Array, second: Uint8Array, most: number): Uint8Array {
  const tail = second.subarray(Math.max(0, second.length - most));
  const room = most - tail.length;
  const head = room === 0 ? first.subarray(0, 0) : first.subarray(Math.max(0, first.length - room));
  const all = new Uint8Array(head.length + tail.length);
  all.set(head);
  all.set(tail, head.length);
  return all;
}
