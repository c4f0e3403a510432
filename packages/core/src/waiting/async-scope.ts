/**
 * Async contexts of work that belongs together: what `AsyncLocalStorage` shows, and where its changes end.
 *
 * A server calls programs' code from places that many requests share: the loop of a connection, the accept loop, a timer for
 * all connections, one iteration of the event loop for all sockets. `AsyncLocalStorage.run` ends with its call.
 * `enterWith` does not: it changes the context of whatever runs now, and everything that starts from there inherits it. So such
 * code is called in a scope. It begins in the context in which the scope was made, and what it changes reaches only the
 * work that it starts itself.
 *
 * Where the context is kept depends on Node:
 *
 * - From Node 24 on it is a frame that V8 restores after each callback and each `await`. Entering a scope restores the frame
 *   afterwards, and that is all there is to do.
 * - In Node 20 and 22 it is a property of the current async resource, which `enterWith` writes to. So each call in a scope gets
 *   a resource that no other call has. An `await` is a separate resource only while promise hooks are on, which
 *   Node turns on with the first `run` or `enterWith` of the process. Every function that was waiting then continues in one
 *   resource, that of the whole program, and so would the function that calls `enterWith`: the one store becomes
 *   everyone's. {@link separateContexts} turns the hooks on before that.
 */

import { AsyncLocalStorage, AsyncResource, createHook, executionAsyncId } from 'node:async_hooks';

/** Whether the context is a property of resources, as in Node 20 and 22. */
const isPerResource = '_enable' in AsyncLocalStorage.prototype;

/** The async context in which it was made. */
export class AsyncScope extends AsyncResource {
  constructor() {
    super('AWAITIO');
  }

  /**
   * Calls `body` in this context.
   *
   * What `body` changes by `enterWith` is seen by the work that it starts, and neither by the caller nor in later calls.
   */
  run<Result>(body: () => Result): Result;
  run<A, Result>(body: (a: A) => Result, a: A): Result;
  run<A, B, Result>(body: (a: A, b: B) => Result, a: A, b: B): Result;
  run<A, B, C, Result>(body: (a: A, b: B, c: C) => Result, a: A, b: B, c: C): Result;
  // Parameters that are listed cost less than a rest parameter, and a server calls this for each request.
  run(body: Body, a?: unknown, b?: unknown, c?: unknown): unknown {
    if (!isPerResource) return this.runInAsyncScope(body, undefined, a, b, c);
    // Outside of every resource: the hooks are off, since the program has disabled its only storage.
    if (executionAsyncId() === 0 && isSeparating) turnHooksOn();
    return this.runInAsyncScope(runApart, undefined, body, a, b, c);
  }
}

type Body = (a?: unknown, b?: unknown, c?: unknown) => unknown;

function runApart(body: Body, a: unknown, b: unknown, c: unknown): unknown {
  // The id is the default. That it is passed, as a number, takes half of the constructor's time.
  const trigger = executionAsyncId();
  return new AsyncResource('AWAITIO', trigger).runInAsyncScope(body, undefined, a, b, c);
}

/**
 * A hook without functions. Node then has the hooks that make each continuation a resource, without those that
 * report each promise, which would cost three times as much (docs/performance.md).
 */
const hook = createHook({});
let isSeparating = false;

/**
 * Gives each continuation of an async function a separate context, from now on and in the whole process: to be called
 * before the first code that must not share its context with other code. Needed only in Node 20 and 22.
 */
export function separateContexts(): void {
  if (!isPerResource || isSeparating) return;
  isSeparating = true;
  turnHooksOn();
  void Promise.resolve().then(() => {
    // Node documents no effect of an empty hook. If it had none, one with a function would be needed.
    if (executionAsyncId() === 0) createHook({ init: () => {} }).enable();
  });
}

function turnHooksOn(): void {
  // A hook that is already enabled is not enabled again.
  hook.disable();
  hook.enable();
}
