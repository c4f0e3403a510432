/**
 * A parser of one message after another, taken from a pool.
 *
 * Its state is some hundred bytes of WebAssembly memory. A connection needs one only while a message is under way, so
 * ten thousand idle connections share a few.
 */

import { execute, finish, llhttp, ParserType, stoppedAt, type ParserSink } from './instance.ts';

/** Parsers that are kept for the next connection; others are freed. */
const POOL_SIZE = 256;
const pools: Record<number, Parser[]> = { [ParserType.REQUEST]: [], [ParserType.RESPONSE]: [] };

export class Parser {
  readonly #type: number;
  readonly #pointer: number;

  private constructor(type: number, pointer: number) {
    this.#type = type;
    this.#pointer = pointer;
  }

  /** Takes a parser that is at the beginning of a message. */
  static acquire(type: number): Parser {
    const pooled = (pools[type] as Parser[]).pop();
    if (pooled === undefined) return new Parser(type, llhttp().llhttp_alloc(type));
    llhttp().llhttp_reset(pooled.#pointer);
    return pooled;
  }

  /** Returns the parser to the pool; it must not be used after. */
  release(): void {
    const pool = pools[this.#type] as Parser[];
    if (pool.length < POOL_SIZE) pool.push(this);
    else llhttp().llhttp_free(this.#pointer);
  }

  /** Parses part of the loaded chunk; returns llhttp's error number, PAUSED at the end of a message. */
  execute(sink: ParserSink, from: number, to: number): number {
    return execute(this.#pointer, sink, from, to);
  }

  /** Where the last `execute` stopped, as an offset into the chunk. */
  get position(): number {
    return stoppedAt(this.#pointer);
  }

  /** Reports the end of the input, which completes a message that ends with its connection; returns llhttp's error number. */
  finish(sink: ParserSink): number {
    return finish(this.#pointer, sink);
  }

  get method(): number {
    return llhttp().llhttp_get_method(this.#pointer);
  }

  /** `major * 10 + minor` of the version in the start line. */
  get version(): number {
    const module = llhttp();
    return (
      module.llhttp_get_http_major(this.#pointer) * 10 + module.llhttp_get_http_minor(this.#pointer)
    );
  }
}
