/** An iteration as a stream of the web: each piece is asked for when its reader asks. */

/** @returns A stream. Cancelling it leaves the iteration. */
export function webStreamOf<T>(pieces: AsyncIterator<T>): ReadableStream<T> {
  const source = {
    async pull(controller: ReadableStreamDefaultController<T>): Promise<void> {
      const { done, value } = await pieces.next();
      if (done === true) controller.close();
      else controller.enqueue(value);
    },
    async cancel(): Promise<void> {
      await pieces.return?.();
    },
  };
  return new ReadableStream(source, { highWaterMark: 0 });
}
