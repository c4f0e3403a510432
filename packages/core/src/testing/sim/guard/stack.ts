/** Who calls: the stack of a call, and what its frames belong to. */

/** The frames between a timer and its caller: also of those that call whatever they are given. */
const TIMER_FRAMES =
  /^node:(?:internal\/)?(?:async_hooks|timers|timers\/promises|util|events|process\/task_queues):/;
const LANGUAGE = /^(?:native$|<anonymous>$)/;
const FILES = /^node:(?:internal\/)?fs\b/;
export const TEST_RUNNERS: RegExp =
  /[\\/]node_modules[\\/](?:\.pnpm[\\/][^\\/]+[\\/]node_modules[\\/])?(?:@?jest|@?vitest|mocha|ava|tap|tsx|ts-node|@swc|source-map-support)[\\/-]/;

/** Deep enough that the root of a stack is seen, which says who began. */
const STACK_DEPTH = 200;

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
  Error.stackTraceLimit = STACK_DEPTH;
  const stack = stackOf(() => new Error('here'));
  Error.stackTraceLimit = before;
  return stack;
}

/** The stack as text, also while a program has `Error.prepareStackTrace` make something else of it. */
function stackOf(make: () => Error): string {
  const { stack } = make();
  if (typeof stack === 'string') return stack;
  const prepare = Reflect.get(Error, 'prepareStackTrace') as unknown;
  Reflect.set(Error, 'prepareStackTrace', undefined);
  const text: unknown = make().stack;
  Reflect.set(Error, 'prepareStackTrace', prepare);
  return typeof text === 'string' ? text : '';
}

/** @param skip - The number of frames to leave out: those of this file. */
export function framesOf(stack: string, skip = 4): readonly Frame[] {
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
 * What libuv calls at the root of a stack: a timer, or a callback of a handle or a request of Node. A promise reaction may be one of
 * Node's functions too, such as the loop of `Readable.map`: it says nothing of what has settled the promise. The class before the name,
 * as in `TCP.onStreamRead`, is missing if the program has globals apart, as under Jest.
 */
const REAL_EVENT: readonly RegExp[] = [
  /^(?:process\.)?(?:processTimers|listOnTimeout) |^process\.emit /,
  /^(?:[\w<>]+\.)*(?:onStreamRead|onWriteComplete|onconnection|parserOn\w+|onMessage|onJobDone|ondone|onexit|onchange|processCallback|onhandshake\w*) /,
  /^(?:TCP|Pipe|TTY|UDP|HTTPParser|MessagePort|Worker|FSReq\w+|\w+Wrap|\w+Job)\./,
  /^(?:<anonymous>)? node:(?:net|internal\/per_context\/messageport):/,
  /\[as on\w+\] /,
];

function isCalledByLibuv({ name, place }: Frame): boolean {
  return REAL_EVENT.some((event) => event.test(`${name} ${place}`));
}

/**
 * Whether a timer or an event of the real world has called, at the root of a stack: a simulation has none. What was there before goes on
 * beside the run, such as the clean-up timer of a server, and the run must not depend on it.
 */
export function isRealEvent(frames: readonly Frame[]): boolean {
  const root = frames.findLast(({ name }) => !/^async |callbackTrampoline/.test(name));
  return root !== undefined && root.place.startsWith('node:') && isCalledByLibuv(root);
}

/**
 * Whether one of Node's own modules calls a layer, which it has found in place of the function when it was loaded; or something of the
 * real world that goes on beside the run; or this package by itself, such as when garbage is collected.
 *
 * @param isOwn - Whether a place is of this package.
 */
export function isCalledFromOutside(isOwn: (place: string) => boolean): boolean {
  const frames = framesOf(stackHere());
  const first = frames.findIndex(({ place }) => !isOwn(place));
  return first === -1 || isTimerOfNode(frames.slice(first)) || isRealEvent(frames);
}

/** Whether Node's `fs` or a test runner is the nearest caller that is no function of the language, such as `JSON.stringify`. */
export function isCalledByTool(isOwn: (place: string) => boolean): boolean {
  const caller = framesOf(stackHere()).find(({ place }) => !isOwn(place) && !LANGUAGE.test(place));
  return caller !== undefined && (FILES.test(caller.place) || TEST_RUNNERS.test(caller.place));
}

/** Where the program made the call that an error reports: the nearest frame outside of Node and of this package's guard. */
export function callSite(error: Error, isOwn: (place: string) => boolean): string | undefined {
  const stack: unknown = error.stack;
  const frames = framesOf(typeof stack === 'string' ? stack : '', 0);
  return frames.find((frame) => !isNodes(frame) && !isOwn(frame.place))?.place;
}
