/**
 * Buffers for the large pieces of bodies, used again once they are recycled.
 *
 * A piece belongs to the application that receives it, and nearly all are left to the garbage collector. But large ones lie
 * outside the heap, where they do not make the collector run: hundreds of dead ones pile up between two collections, and each
 * new one is memory that is in no cache. A server that forwards bodies knows when the kernel has its copy, and recycles the
 * buffer (`pnpm bench --only large,stream`).
 */

/** Sizes that are kept: up to the most that one read of a socket gives. */
const LEAST = 32_769;
const MOST = 73_728;
/** How many buffers are kept at most. */
const KEPT = 32;

/** Used again for pieces of exactly their length: `piece.buffer` must not show the bytes of another message. */
const free: ArrayBuffer[] = [];
/** Buffers in use, so that each is recycled once. */
const taken = new WeakSet<ArrayBufferLike>();

/** A buffer for a piece. It is not cleared: the caller writes every byte. */
export function takeBuffer(size: number): Uint8Array {
  if (size < LEAST || size > MOST) return allocate(size);
  const buffer = takeFree(size);
  const piece = buffer === undefined ? allocate(size) : new Uint8Array(buffer);
  taken.add(piece.buffer);
  return piece;
}

/** The last one of this size that was recycled: the most likely to be in a cache. */
function takeFree(size: number): ArrayBuffer | undefined {
  for (let at = free.length - 1; at >= 0; at -= 1) {
    const buffer = free[at] as ArrayBuffer;
    if (buffer.byteLength !== size) continue;
    free.copyWithin(at, at + 1);
    free.pop();
    return buffer;
  }
  return undefined;
}

/**
 * Lets the buffer of a whole piece be used again; nothing may refer to it any more. Part of a piece, and memory from
 * elsewhere, are left to the garbage collector.
 */
export function recycle({ buffer, length }: Uint8Array): void {
  if (buffer.byteLength !== length || !taken.delete(buffer)) return;
  if (free.length === KEPT) free.shift();
  free.push(buffer as ArrayBuffer);
}

function allocate(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** Joins pieces that are adjacent in the same memory; the others stay as they are. */
export function joinAdjacent(pieces: readonly Uint8Array[]): Uint8Array[] {
  const joined: Uint8Array[] = [];
  for (const piece of pieces) {
    const last = joined.at(-1);
    const isBehind =
      last?.buffer === piece.buffer && last.byteOffset + last.length === piece.byteOffset;
    if (last === undefined || !isBehind) joined.push(piece);
    else {
      joined[joined.length - 1] = new Uint8Array(
        last.buffer,
        last.byteOffset,
        last.length + piece.length,
      );
    }
  }
  return joined;
}
