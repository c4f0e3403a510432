/**
 * Memory for the large pieces of bodies, used again when somebody says that a piece is not needed any more.
 *
 * A piece belongs to whoever gets it, and nearly all are left to the garbage collector. But large ones lie outside the
 * heap, where they make no garbage worth collecting: hundreds of dead ones pile up between two collections, and each new
 * one is memory that no cache has seen. A server that passes bodies on knows when the kernel has its copy, and gives the
 * memory back (`pnpm bench --only large,stream`).
 */

/** The size of a buffer that is kept: what one read of a socket gives at most. */
const BUFFER_SIZE = 65_536;
/** Pieces up to this size have memory of their own size. */
const SMALL = 32_768;
/** How many buffers are kept at most. */
const KEPT = 32;

const free: ArrayBuffer[] = [];
/** How long the piece is that a buffer was taken for: only that piece gives it back, and only once. */
const taken = new WeakMap<ArrayBufferLike, number>();

/** Memory for a piece; what is in it is not cleared, since every byte of a piece is written. */
export function takePiece(size: number): Uint8Array {
  if (size <= SMALL || size > BUFFER_SIZE) return allocate(size);
  const buffer = free.pop() ?? (allocate(BUFFER_SIZE).buffer as ArrayBuffer);
  taken.set(buffer, size);
  return new Uint8Array(buffer, 0, size);
}

/**
 * Gives the memory of a whole piece back, when nobody else has seen it. A part of a piece, and memory from elsewhere, is
 * left to the garbage collector.
 */
export function givePieceBack({ buffer, length }: Uint8Array): void {
  if (taken.get(buffer) !== length || free.length === KEPT) return;
  taken.delete(buffer);
  free.push(buffer as ArrayBuffer);
}

function allocate(size: number): Uint8Array {
  return new Uint8Array(Buffer.allocUnsafeSlow(size).buffer);
}

/** Joins pieces that lie one behind the other in the same memory; the others stay as they are. */
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
