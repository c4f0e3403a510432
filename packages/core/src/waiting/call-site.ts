/**
 * Finds the caller in a stack: all frames but those of this package, of Node and of the queue under the executor.
 *
 * A frame is classified by the file it names. This package's files lie below one root, in the sources, in the compiled
 * modules and in the published bundle, so the root is the part of this module's URL before `src/` or `dist/`, however
 * deep the module lies below it. When an application bundles this package into its own files there is no such part:
 * then the root is that one file, and the public method that was called marks where the caller begins.
 */

import { ownFile } from '../vocabulary/own-file.ts';

/** Frames kept of a call site: what led to the call, not the whole stack. */
const KEPT_FRAMES = 8;
/** Frames examined: those of this package come first, and are dropped. */
const SEEN_FRAMES = 40;

/** Also the frames of built-in functions, such as `next` of an async generator. */
const NOT_THE_CALLER = /\(node:|\(<anonymous>\)|[\\/]p-queue[\\/]/;
/** `@awaitio/http`, which makes waits for its own callers: shown only where it has none, as in a server. */
const HTTP_PACKAGE = /(?:@awaitio|\/packages)\/http\/(?:src|dist)\//;
/** A public function. */
export type Door = (...args: never[]) => unknown;

const TEST_FILE = /\.test\.[cm]?[jt]s/;

/**
 * The frames of a stack that belong to the caller, innermost first.
 *
 * @param frames - The lines of a stack, `at name (file:line:column)`.
 * @param module - The URL of a module of this package, as stacks name it.
 * @param operation - The public method that was called; needed only where this package shares a file with its caller.
 */
export function callerFrames(
  frames: readonly string[],
  module: string,
  operation?: string,
): readonly string[] {
  const path = pathOf(module);
  const folder = /^.*\/(?=(?:src|dist)\/)/.exec(path)?.[0];
  const isForeign = (frame: string): boolean => {
    if (NOT_THE_CALLER.test(frame)) return false;
    if (folder === undefined) return true;
    const file = pathOf(frame);
    return !file.includes(`${folder}src/`) && !file.includes(`${folder}dist/`)
      ? true
      : TEST_FILE.test(file);
  };
  const begin = folder === undefined ? endOfCall(frames, path, operation) : 0;
  const foreign = frames.slice(begin).filter(isForeign);
  return programOf(foreign).slice(0, KEPT_FRAMES);
}

/** The frames without those of `@awaitio/http`, if any are left. */
function programOf(foreign: readonly string[]): readonly string[] {
  const program = foreign.filter((frame) => !isOfHttp(frame));
  return program.length === 0 ? foreign : program;
}

function isOfHttp(frame: string): boolean {
  const file = pathOf(frame);
  return HTTP_PACKAGE.test(file) && !TEST_FILE.test(file);
}

/** Where the call of a public method ends among frames that all name one file: behind the method's last frame. */
function endOfCall(frames: readonly string[], path: string, operation: string | undefined): number {
  const shared = frames.findIndex((frame) => !pathOf(frame).includes(path));
  const last = frames
    .slice(0, shared === -1 ? undefined : shared)
    .findLastIndex(
      (frame) => /\bat (?:async )?(?:new )?(?:\S+\.)?(\S+) /.exec(frame)?.[1] === operation,
    );
  // Without such a frame the innermost ones, which are this package's, stay: too many are better than the wrong line.
  return last + 1;
}

/** A path as stacks name it: on Windows with either slash, and a file URL may be percent-encoded. */
function pathOf(text: string): string {
  const path = text.replaceAll('\\', '/').replace(/^file:\/\/(?:\/(?=[A-Z]:))?/i, '');
  try {
    return decodeURI(path);
  } catch {
    return path;
  }
}

/**
 * The callers of this package's code, innermost first, one to a line; `undefined` when the platform made the call.
 *
 * @param operation - The public method that was called.
 * @param door - Its function, if the call runs in it: everything up to it is left out, whatever a bundler has named it.
 */
export function siteOfCall(operation?: string, door?: Door): string | undefined {
  const { stackTraceLimit } = Error;
  const site: { stack?: string } = {};
  Error.stackTraceLimit = SEEN_FRAMES;
  Error.captureStackTrace(site, door ?? siteOfCall);
  Error.stackTraceLimit = stackTraceLimit;
  const { stack = '' } = site;
  const theirs = callerFrames(stack.split('\n').slice(1), ownFile, operation);
  return theirs.length === 0 ? undefined : theirs.join('\n');
}
