/** What a promise has come to, without waiting for it: what a poll of a future shows. */

/** A promise that has not settled. */
export const PENDING = 'pending';

/** Turns of promise reactions after which everything has settled that needs no event. */
const TURNS = 20;

/**
 * Lets what is ready run, without a turn of the event loop.
 *
 * @returns The value; `pending`; for a failure the name of the error, or the reason itself if it is no error.
 */
export async function poll(promise: PromiseLike<unknown>): Promise<unknown> {
  let outcome: unknown = PENDING;
  void promise.then(
    (value) => {
      outcome = value;
    },
    (error: unknown) => {
      outcome = error instanceof Error ? error.name : error;
    },
  );
  for (let turn = 0; turn < TURNS; turn += 1) await Promise.resolve();
  return outcome;
}

/** {@link poll} of several. */
export async function pollAll(...promises: readonly PromiseLike<unknown>[]): Promise<unknown[]> {
  return Promise.all(promises.map(poll));
}

/** The name of what a call throws; `undefined` when it throws nothing. */
export function thrownBy(call: () => unknown): string | undefined {
  try {
    call();
    return undefined;
  } catch (error) {
    return (error as Error).name;
  }
}
