/** How calls end, as words for a table. */

import { IoError, type Clock } from '../../src/index.ts';

/** `done` or `null`, an error's name, or one of the words below. */
export type Outcome = string;

/** What a test aborts with. */
export const REASON: object = { because: 'enough' };
/** Milliseconds after which a call that has not ended counts as one that never will. */
export const TIMEOUT = 5_000;
/** The outcome of a call that does not end. */
export const WAITS_ON = 'waits on';

/** `done` for a value, `null` for none, `the reason` for the one above, else the name of the error. */
export async function outcomeOf(call: Promise<unknown>): Promise<Outcome> {
  try {
    return (await call) === null ? 'null' : 'done';
  } catch (error) {
    if (error === REASON) return 'the reason';
    return error instanceof IoError ? error.name : String(error);
  }
}

/** Settles as the promise, or as "waits on" once `quiet` milliseconds have passed. */
export async function within<T>(
  promise: Promise<T>,
  { clock }: { readonly clock: Clock },
  milliseconds: number,
): Promise<T | typeof WAITS_ON> {
  const controller = new AbortController();
  const late = clock.sleep(milliseconds, { signal: controller.signal }).then(
    () => WAITS_ON as typeof WAITS_ON,
    () => WAITS_ON as typeof WAITS_ON,
  );
  const first = await Promise.race([promise, late]);
  controller.abort();
  return first;
}
