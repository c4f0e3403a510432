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
/** Pieces up to this size lie in the heap or near it, and are not worth a place that waits for more. */
const SMALL = 4_096;
/** Up to this size bytes are copied one by one. */
const TINY = 64;

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

/**
 * Where the pieces of one message's body go.
 *
 * When most of a body has come in its first piece, the rest will lie behind it in the same memory, so that who wants the
 * whole body need not put it together.
 */
export class BodyMemory {
  #space: Uint8Array | undefined;
  #filled = 0;

  /** Another message begins. */
  begin(): void {
    this.#space = undefined;
  }

  /**
   * Copies part of a chunk as the next piece of the body.
   *
   * @param left - How many bytes follow a first piece, when that is known; else 0.
   */
  keep(chunk: Uint8Array, start: number, size: number, left: number): Uint8Array {
    if (left > 0 && left <= size && size > SMALL) {
      this.#space = takePiece(size + left);
      // Whoever looks at the memory under the first piece finds nothing of somebody else's behind it.
      this.#space.fill(0, size);
      this.#filled = 0;
    }
    const space = this.#space;
    if (space === undefined) return copyOf(chunk, start, size);
    const piece = space.subarray(this.#filled, this.#filled + size);
    piece.set(chunk.subarray(start, start + size));
    this.#filled += size;
    if (this.#filled === space.length) this.#space = undefined;
    return piece;
  }
}

/** Bytes of one's own. */
function copyOf(chunk: Uint8Array, start: number, size: number): Uint8Array {
  if (size <= TINY) {
    // Cheaper than a view of the part and a call that copies it.
    const tiny = new Uint8Array(size);
    for (let at = 0; at < size; at += 1) tiny[at] = chunk[start + at] as number;
    return tiny;
  }
  const bytes = size > SMALL ? takePiece(size) : new Uint8Array(size);
  bytes.set(size === chunk.length ? chunk : chunk.subarray(start, start + size));
  return bytes;
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
