/** Pages of runs that fail, in a folder that the options or the environment name. */

import { isTracingWaits, traceWaits } from '../../waiting/wait-trace.ts';
import { printLine } from '../../vocabulary/callbacks.ts';
import { hexOf, mixText } from './decisions/mixing.ts';
import { SimulationError } from './report.ts';

/** Where pages go; `undefined` for no pages. */
export function folderOfPages({
  pages,
}: {
  readonly pages?: string | false | undefined;
}): string | undefined {
  const folder = pages ?? process.env['AWAITIO_PAGES'];
  return folder === '' || folder === false ? undefined : folder;
}

/**
 * The result of a run; when it fails, its page is written first.
 *
 * @param again - Repeats the run: with waits traced, the page says who waits, and in which line. A program that does something else when
 * it is repeated gets the page of its first run.
 */
export async function withPage<T>(
  options: Parameters<typeof folderOfPages>[0],
  running: Promise<T>,
  again: () => Promise<unknown>,
): Promise<T> {
  try {
    return await running;
  } catch (error) {
    const folder = folderOfPages(options);
    if (folder !== undefined && error instanceof SimulationError)
      await writePageFor(folder, error, again);
    throw error;
  }
}

/** Writes the page of a failure. Never rejects: what goes wrong with it is a line on stderr. */
export async function writePageFor(
  folder: string,
  error: SimulationError,
  again: () => Promise<unknown>,
): Promise<void> {
  const path = `${folder}/${nameOf(error)}`;
  try {
    const traced = isTracingWaits() ? error : await repeat(again);
    const isSame = traced instanceof SimulationError && traced.hash === error.hash;
    await (isSame ? traced : error).writePage(path);
    printLine(`simulate: the page of this failure is ${path}`);
  } catch (failure) {
    // The run has failed for a reason of its program: that is what its caller has to see.
    printLine(`simulate: no page, because of ${String(failure)}`);
  }
}

/** Of its kind and seed, and of what else tells it from the failures of other programs. */
function nameOf({ kind, seed, hash, what }: SimulationError): string {
  return `${kind.replaceAll(' ', '-')}-seed-${seed}-${hexOf(mixText(0, `${hash} ${what}`))}.html`;
}

async function repeat(again: () => Promise<unknown>): Promise<unknown> {
  traceWaits(true);
  try {
    await again();
    return undefined;
  } catch (error) {
    return error;
  } finally {
    traceWaits(false);
  }
}
