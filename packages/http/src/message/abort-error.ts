/** Errors of aborts, as Node's APIs make them. */

/** Whether it is the `AbortError` that Node's APIs make of the reason of a signal. An error may throw when it is looked at. */
export function isAbortError(error: unknown, reason: unknown): boolean {
  try {
    const { name, cause } = (error ?? {}) as { readonly name?: unknown; readonly cause?: unknown };
    return name === 'AbortError' && (cause === undefined || cause === reason);
  } catch {
    return false;
  }
}

/** Aborts; a function, so that a scope can run it. */
export function abort(controller: AbortController, reason: unknown): void {
  controller.abort(reason);
}
