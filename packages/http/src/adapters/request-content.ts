/** The body of a `Request`, to be sent: whole where that is possible, since a stream is sent without a length, and once. */

import { PieceCollector } from '../message/piece-collector.ts';

/** How many microtasks the next piece of a body may take that is in memory: a body from a string takes three or four. */
const SOON = 32;
/** From this many bytes on a body is not collected, in bytes; a first piece of any length is in memory already. */
const LONG = 1_048_576;

/**
 * The bytes of a body, if they are there. A `Request` does not say whether its body is a string, as libraries make them, or a stream of the
 * program: the pieces of one that is in memory come at once, and so does its end.
 *
 * @returns Bytes; for what takes longer a stream, which begins with the pieces that have come.
 * @throws what the body fails with
 */
export async function contentOf(
  body: ReadableStream<Uint8Array>,
): Promise<Uint8Array | AsyncIterable<Uint8Array>> {
  const reader = body.getReader();
  const collected = new PieceCollector();
  for (let count = 0; ; count += 1) {
    const reading = new Reading(reader.read());
    const isLong = count > 1 && collected.size > LONG;
    if (isLong || !(await reading.isSettledSoon())) return rest(collected.join(), reading, reader);
    const { done, value } = await reading.result;
    if (done) return collected.join();
    collected.add(value);
  }
}

type Reader = ReadableStreamDefaultReader<Uint8Array>;

/** A read whose end can be seen. */
class Reading {
  readonly result: ReturnType<Reader['read']>;
  #isSettled = false;

  constructor(result: ReturnType<Reader['read']>) {
    this.result = result;
    const onSettled = (): void => {
      this.#isSettled = true;
    };
    result.then(onSettled, onSettled);
  }

  async isSettledSoon(): Promise<boolean> {
    for (let turn = 0; turn < SOON && !this.#isSettled; turn += 1) await undefined;
    return this.#isSettled;
  }
}

async function* rest(
  begun: Uint8Array,
  reading: Reading,
  reader: Reader,
): AsyncGenerator<Uint8Array> {
  let isOver = false;
  try {
    yield begun;
    for (let next = reading.result; ; next = reader.read()) {
      const { done, value } = await next;
      isOver = done;
      if (done) return;
      yield value;
    }
  } finally {
    // One that has failed is over, too.
    if (!isOver) await reader.cancel().catch(() => {});
  }
}
