/**
 * Memory for copies of small writes, which is written over again in each turn.
 *
 * A write copies what it is given, because the caller may use its buffer again at once; and when the turn is over, nearly
 * all of those copies are with the kernel. Taking new memory for each would cost more than copying does: Node's pool is
 * 8 KiB long, and a new one after every eight messages of 1 KiB is two tenths of a microsecond for each message
 * (`pnpm bench --only tcp`). So the copies of a turn lie in a few slabs, and the next turn writes over them.
 *
 * Hazard: whoever passes a copy on to somebody that keeps it beyond the turn must take its slab out with `keepSlab` first.
 */

/** Larger pieces are not copied here. One write that the kernel does not take keeps at most so much memory alive. */
export const SLAB_SIZE = 16_384;
/** How many slabs are kept from turn to turn: 256 KiB. 64 connections that send 1 KiB each need four. */
const KEPT = 16;

const slabs: (ArrayBuffer | undefined)[] = [];
let current = 0;
let used = 0;

/** Copies at most {@link SLAB_SIZE} bytes; the copy is good until {@link reuseSlabs}. */
export function copyToSlab(view: Uint8Array): Uint8Array {
  const { length } = view;
  if (used + length > SLAB_SIZE) {
    current += 1;
    used = 0;
  }
  const slab = (slabs[current] ??= new ArrayBuffer(SLAB_SIZE));
  const copy = new Uint8Array(slab, used, length);
  copy.set(view);
  used += length;
  return copy;
}

/** Takes the slab that a piece lies in, if it lies in one, out of use: it will not be written over. */
export function keepSlab(piece: Uint8Array | string): void {
  if (typeof piece === 'string') return;
  const at = slabs.indexOf(piece.buffer as ArrayBuffer);
  if (at !== -1) slabs[at] = undefined;
}

/** Nobody needs the copies that were made before any more. */
export function reuseSlabs(): void {
  if (slabs.length > KEPT) slabs.length = KEPT;
  current = 0;
  used = 0;
}
