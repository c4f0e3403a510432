/** What becomes of an error when a program gave `serve` no `onError`. */

/** One line per failure: what failed, and where; never what the request held. */
export function printError(error: unknown, request: { method: string } | undefined): void {
  const what = error instanceof Error ? (error.stack ?? error.message) : String(error);
  // The program's last resort to hear of it: silence would hide every failure of a handler.
  // oxlint-disable-next-line no-console -- stderr is where a process without a listener says what went wrong
  console.error(
    `awaitio: ${request === undefined ? 'connection' : `${request.method} handler`} failed: ${what}`,
  );
}
