/**
 * How much chunk framing a body has cost beyond its data.
 *
 * Chunk extensions are free text: without a limit, a peer can send framing without end and hardly any data. Framing is
 * counted from the end of one piece of data to the beginning of the next. Each piece has an allowance, data earns two bytes
 * for one, and what is above both adds up to at most `chunkOverheadBytes` (CVE-2023-39326).
 *
 * Checks return the violation they find, if any. Where the network cuts must not change which one that is: the limit is
 * checked at the byte where it would be reached, before any violation behind that byte.
 */

import type { RemoteProtocolError } from '../vocabulary/errors.ts';
import { latin1 } from '../vocabulary/latin1.ts';
import type { ProtocolLimits } from '../vocabulary/limits.ts';
import { bad, trailersTooLarge } from './request-rules.ts';

/** What an honest chunk may cost beside its data: a size line and two line ends. */
const CHUNK_ALLOWANCE = 16;
const DEL = 127;

export class ChunkOverhead {
  readonly #limits: ProtocolLimits;
  /** Framing since the last piece of data, up to `#mark` in the chunk; and its text as far as it is counted. */
  #framing = 0;
  #mark = 0;
  #text = '';
  /** What earlier framing was too much. */
  #excess = 0;

  constructor(limits: ProtocolLimits) {
    this.#limits = limits;
  }

  /** Another message begins. */
  reset(): void {
    this.#framing = 0;
    this.#excess = 0;
    this.#text = '';
  }

  /** Counts on from `at` in the chunk. */
  resume(at: number): void {
    this.#mark = at;
  }

  /** Data lies from `start` to `end` in the chunk. */
  data(chunk: Uint8Array, start: number, end: number): RemoteProtocolError | undefined {
    const failure = this.close(chunk, start);
    this.#mark = end;
    this.#excess = Math.max(0, this.#excess - 2 * (end - start));
    return failure;
  }

  /** Data or trailers begin at `start`: the framing before them is complete. */
  close(chunk: Uint8Array, start: number): RemoteProtocolError | undefined {
    const framing = this.#framing + start - this.#mark;
    if (framing === 0) return undefined;
    const failure = this.#checkExtension(chunk, start) ?? this.#check(framing);
    this.#excess = Math.max(0, this.#excess + framing - CHUNK_ALLOWANCE);
    this.#framing = 0;
    this.#text = '';
    return failure;
  }

  /** The parser stopped at `end`: at the end of the chunk, of the message, or at a violation. */
  stop(
    chunk: Uint8Array,
    end: number,
    isWhole: boolean,
    isBroken: boolean,
  ): RemoteProtocolError | undefined {
    const failure = this.#checkExtension(chunk, end);
    this.#framing += end - this.#mark;
    if (this.#framing > 0) this.#text += latin1(chunk, this.#mark, end);
    if (failure !== undefined) return failure;
    // A message that is whole at `end` was still incomplete one byte before.
    return isBroken ? this.#checkBroken() : this.#check(this.#framing - (isWhole ? 1 : 0));
  }

  /** The parser does not report a trailer that ends inside its name: the text after the last chunk shows it. */
  #checkBroken(): RemoteProtocolError | undefined {
    const lastChunk = LAST_CHUNK.exec(this.#text)?.[0].length ?? this.#framing;
    const failure = this.#check(lastChunk);
    if (failure !== undefined) return failure;
    const trailers = this.#framing - lastChunk;
    return trailers >= this.#limits.trailerBytes ? trailersTooLarge(this.#limits) : undefined;
  }

  /** The parser lets DEL stand in a quoted value of a chunk's extension; RFC 9110 section 5.6.4 does not. */
  #checkExtension(chunk: Uint8Array, end: number): RemoteProtocolError | undefined {
    for (let at = this.#mark; at < end; at += 1) {
      if (chunk[at] !== DEL) continue;
      return (
        this.#check(this.#framing + at + 1 - this.#mark) ??
        bad('a chunk extension has a control character', 'MALFORMED')
      );
    }
    return undefined;
  }

  #check(framing: number): RemoteProtocolError | undefined {
    if (this.#excess + framing <= this.#limits.chunkOverheadBytes) return undefined;
    return bad('there is more chunk framing than data', 'CHUNK_OVERHEAD');
  }
}

/** Framing up to the trailer section, or to the empty line in its place. */
const LAST_CHUNK = /^(?:\r\n)?0+(?:;[^\r\n]*)?\r\n\r?/;
