/**
 * Async contexts that are no store of Node.
 *
 * A tracer whose context is an `AsyncLocalStorage` binds it to the channel `start`. Others, such as OpenTelemetry's, can only run
 * a function in a context: they put a runner beside the object of the channel, while `start` is published.
 */

/** Runs a function in a context, and returns what it returns. */
export type Runner = <Result>(body: () => Result) => Result;

const runners = new WeakMap<object, Runner>();

/** Adds a runner: what is traced runs in it, inside of those that were added before. */
export function runIn(trace: object, runner: Runner): void {
  const outer = runners.get(trace);
  runners.set(trace, outer === undefined ? runner : (body) => outer(() => runner(body)));
}

/** Runs a function in the runners of a trace. A runner that fails before it has run the function is left out. */
export function runTraced<Result>(trace: object, body: () => Result): Result {
  const runner = runners.get(trace);
  if (runner === undefined) return body();
  let hasBegun = false;
  try {
    return runner(() => {
      hasBegun = true;
      return body();
    });
  } catch (error) {
    if (hasBegun) throw error;
    return body();
  }
}
