/** Errors of aborts, as scopes and Node's APIs make them. */

/**
 * Whether it is what is made of the reason of a signal: the `AbortError` of Node's APIs, the `CancelledError` of a scope. An error may
 * throw when it is looked at.
 */
export function isAbortError(error: unknown, reason: unknown): boolean {
  try {
    const { name, cause } = (error ?? {}) as { readonly name?: unknown; readonly cause?: unknown };
    if (name === 'CancelledError') return cause === reason;
    return name === 'AbortError' && (cause === undefined || cause === reason);
  } catch {
    return false;
  }
}

/** Aborts; a function, so that a scope can run it. */
export function abort(controller: AbortController, reason: unknown): void {
  controller.abort(reason);
}
