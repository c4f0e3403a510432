/**
 * Memory for the large pieces of bodies, used again when somebody says that a piece is not needed any more.
 *
 * A piece belongs to whoever gets it, and nearly all are left to the garbage collector. But large ones lie outside the
 * heap, where they make no garbage worth collecting: hundreds of dead ones pile up between two collections, and each new
 * one is memory that no cache has seen. A server that passes bodies on knows when the kernel has its copy, and gives the
 * memory back (`pnpm bench --only large,stream`).
 */

/** Pieces from here on, up to what one read of a socket gives at most, are worth keeping. */
const LEAST = 32_769;
const MOST = 65_536;
/** How many buffers are kept at most. */
const KEPT = 32;

/** Each as long as the piece it was: who takes the memory under a piece finds the piece, and nobody else's bytes. */
const free: ArrayBuffer[] = [];
/** Buffers that are out: each is given back once. */
const taken = new WeakSet<ArrayBufferLike>();

/** Memory for a piece; what is in it is not cleared, since every byte of a piece is written. */
export function takePiece(size: number): Uint8Array {
  if (size < LEAST || size > MOST) return allocate(size);
  const index = free.findLastIndex(({ byteLength }) => byteLength === size);
  const [buffer] = index === -1 ? [] : free.splice(index, 1);
  const piece = buffer === undefined ? allocate(size) : new Uint8Array(buffer);
  taken.add(piece.buffer);
  return piece;
}

/**
 * Gives the memory of a whole piece back, when nobody else has seen it. A part of a piece, and memory from elsewhere, is
 * left to the garbage collector.
 */
export function givePieceBack({ buffer, length }: Uint8Array): void {
  if (buffer.byteLength !== length || !taken.delete(buffer)) return;
  if (free.length === KEPT) free.shift();
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
