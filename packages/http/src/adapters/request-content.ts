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
): Promise<Uint8Array | ReadableStream<Uint8Array>> {
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

/** A microtask. */
const NEXT = Promise.resolve();

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
    for (let turn = 0; turn < SOON && !this.#isSettled; turn += 1) await NEXT;
    return this.#isSettled;
  }
}

/** The stream from where it was read to. Cancelling it cancels the body. */
function rest(begun: Uint8Array, reading: Reading, reader: Reader): ReadableStream<Uint8Array> {
  let next: Reading['result'] | undefined = reading.result;
  const source = {
    start(controller: ReadableStreamDefaultController<Uint8Array>): void {
      if (begun.length > 0) controller.enqueue(begun);
    },
    async pull(controller: ReadableStreamDefaultController<Uint8Array>): Promise<void> {
      const { done, value } = await (next ?? reader.read());
      next = undefined;
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason: unknown): Promise<void> => reader.cancel(reason),
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
