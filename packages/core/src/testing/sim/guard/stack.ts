/** Who calls: the stack of a call, and what its frames belong to. */

/** The frames between a timer and its caller: also of those that call whatever they are given. */
const TIMER_FRAMES =
  /^node:(?:internal\/)?(?:async_hooks|timers|timers\/promises|util|events|process\/task_queues):/;
const LANGUAGE = /^(?:native$|<anonymous>$)/;
const FILES = /^node:(?:internal\/)?fs\b/;
export const TEST_RUNNERS: RegExp =
  /[\\/]node_modules[\\/](?:\.pnpm[\\/][^\\/]+[\\/]node_modules[\\/])?(?:@?jest|@?vitest|mocha|ava|tap|tsx|ts-node|@swc|source-map-support)[\\/-]/;

/** One line of a stack. */
export interface Frame {
  /** The function, such as `Object.readFile`; empty for none. */
  readonly name: string;
  /** `node:fs:387:15`, or a file with line and column. */
  readonly place: string;
}

/** Whether a timer is one of Node's own modules', such as those of its streams. */
export function isTimerOfNode(frames: readonly Frame[]): boolean {
  const caller = frames.find(({ place }) => !TIMER_FRAMES.test(place));
  return caller !== undefined && caller.place.startsWith('node:');
}

export function isNodes({ place }: Frame): boolean {
  return /^(?:node:|native$|<anonymous>$)/.test(place);
}

/** The whole stack of the call that is being made. */
export function stackHere(): string {
  const before = Error.stackTraceLimit;
  Error.stackTraceLimit = 50;
  const { stack = '' } = new Error('here');
  Error.stackTraceLimit = before;
  return stack;
}

/** @param skip - The number of frames to leave out: those of this file. */
export function framesOf(stack: string, skip = 2): readonly Frame[] {
  return stack
    .split('\n')
    .filter((line) => /^\s+at /.test(line) && !line.includes('node:internal/async_hooks'))
    .slice(skip)
    .map((line) => {
      const text = line.trim().slice('at '.length);
      const [, name = '', place = text] = /^(.*) \((.*)\)$/.exec(text) ?? [];
      return { name, place: place.replace(/^async /, '') };
    });
}

/**
 * Whether one of Node's own modules calls a layer, which it has found in place of the function when it was loaded; or a copy of this
 * package, from a timer of the real world.
 *
 * @param isOwn - Whether a place is of this package.
 */
export function isCalledByNode(isOwn: (place: string) => boolean): boolean {
  const frames = framesOf(stackHere());
  const callers = frames.slice(frames.findIndex(({ place }) => !isOwn(place)));
  return isTimerOfNode(callers) || isRealTimer(callers);
}

/** Whether a timer of the real world has called this package: of a copy that was there before. A simulation has none. */
function isRealTimer(callers: readonly Frame[]): boolean {
  const isTimer = callers.every(({ place }) => TIMER_FRAMES.test(place));
  return isTimer && callers.some(({ name }) => name.endsWith('processTimers'));
}

/** Whether Node's `fs` or a test runner is the nearest caller that is no function of the language, such as `JSON.stringify`. */
export function isCalledByTool(isOwn: (place: string) => boolean): boolean {
  const caller = framesOf(stackHere()).find(({ place }) => !isOwn(place) && !LANGUAGE.test(place));
  return caller !== undefined && (FILES.test(caller.place) || TEST_RUNNERS.test(caller.place));
}

/** Where the program made the call that an error reports: the nearest frame outside of Node and of this package's guard. */
export function callSite(error: Error, isOwn: (place: string) => boolean): string | undefined {
  const frames = framesOf(error.stack ?? '', 0);
  return frames.find((frame) => !isNodes(frame) && !isOwn(frame.place))?.place;
}
