/** Virtual timers as promises: `node:timers/promises`, its `scheduler`, `promisify(setTimeout)`, and `AbortSignal.timeout`. */

import timersPromises, { scheduler } from 'node:timers/promises';
import { cover, insideWorld, layerOver, type Inside } from './indirection.ts';
import { Immediate, Timeout } from './timers.ts';

interface Options {
  readonly signal?: AbortSignal | undefined;
  readonly ref?: boolean | undefined;
}

interface Pause {
  unref(): unknown;
  close(): unknown;
}

const ofPromises = (): object => timersPromises;
const ofScheduler = (): object => scheduler;
/** Makes them layers. */
export function coverTimerPromises(): void {
  virtual(ofPromises, 'setTimeout', 2, (_world, { args: [delay, value, options] }) =>
    pause((done) => new Timeout(done, delay ?? 1, [], false), value, options as Options),
  );
  virtual(ofPromises, 'setImmediate', 1, (world, { args: [value, options] }) =>
    pause((done) => new Immediate(world, done, []), value, options as Options),
  );
  virtual(ofPromises, 'setInterval', 2, (_world, { args: [delay, value, options] }) =>
    ticks(delay, value, options as Options),
  );
  virtual(ofScheduler, 'wait', 1, (_world, { args: [delay, options] }) =>
    pause((done) => new Timeout(done, delay, [], false), undefined, options as Options),
  );
  virtual(ofScheduler, 'yield', 0, (world) =>
    pause((done) => new Immediate(world, done, []), undefined, undefined),
  );
  virtual(
    () => AbortSignal,
    'timeout',
    undefined,
    (_world, { self, args, real }) => {
      const [delay] = args;
      const isDelay = Number.isSafeInteger(delay) && (delay as number) >= 0;
      if (!isDelay) return Reflect.apply(real, self, args);
      const controller = new AbortController();
      const abort = (): void => {
        controller.abort(
          new DOMException('The operation was aborted due to timeout', 'TimeoutError'),
        );
      };
      new Timeout(abort, delay, [], false).unref();
      return controller.signal;
    },
  );
}

/** @param optionsAt - Where the options are; what is wrong there goes to the real function, which says so. */
function virtual(
  owner: () => object,
  name: string,
  optionsAt: number | undefined,
  inside: Inside,
): void {
  cover(owner, name, (real) =>
    layerOver(
      real,
      insideWorld((world, call) => {
        const { self, args } = call;
        const isWrong =
          optionsAt !== undefined &&
          (!hasDelay(args[0], optionsAt) || !areOptions(args[optionsAt]));
        return isWrong ? Reflect.apply(real, self, args) : inside(world, call);
      }),
    ),
  );
}

/** Only what has two arguments before its options, or is `scheduler.wait`, begins with a delay; what does not may be anything. */
function hasDelay(value: unknown, optionsAt: number): boolean {
  return optionsAt !== 2 || value === undefined || typeof value === 'number';
}

function areOptions(options: unknown): boolean {
  if (options === undefined) return true;
  if (typeof options !== 'object' || options === null) return false;
  const { signal, ref } = options as Options;
  return (
    (signal === undefined || (typeof signal === 'object' && 'aborted' in signal)) &&
    (ref === undefined || typeof ref === 'boolean')
  );
}

function pause(
  begin: (done: () => void) => Pause,
  value: unknown,
  { signal, ref = true }: Options = {},
): Promise<unknown> {
  return new Promise((resolve, reject) => {
    if (signal?.aborted === true) {
      reject(abortError(signal));
      return;
    }
    const timer = begin(() => {
      signal?.removeEventListener('abort', onAbort);
      resolve(value);
    });
    const onAbort = (): void => {
      timer.close();
      reject(abortError(signal as AbortSignal));
    };
    if (!ref) timer.unref();
    signal?.addEventListener('abort', onAbort, { once: true });
  });
}

/** As Node's: ticks that were not taken yet are counted. */
async function* ticks(
  delay: unknown,
  value: unknown,
  { signal, ref = true }: Options = {},
): AsyncGenerator {
  const check = (): void => {
    if (signal?.aborted === true) throw abortError(signal);
  };
  check();
  let due = 0;
  let wake: (() => void) | undefined;
  const tick = (): void => {
    due += 1;
    wake?.();
  };
  const interval = new Timeout(tick, delay, [], true);
  const onAbort = (): void => {
    interval.close();
    wake?.();
  };
  if (!ref) interval.unref();
  signal?.addEventListener('abort', onAbort, { once: true });
  try {
    for (;;) {
      check();
      if (due === 0) {
        await new Promise<void>((resolve) => {
          wake = resolve;
        });
      }
      for (; due > 0; due -= 1) yield value;
    }
  } finally {
    interval.close();
    signal?.removeEventListener('abort', onAbort);
  }
}

function abortError(signal: AbortSignal): Error {
  const error = new Error('The operation was aborted', { cause: signal.reason });
  return Object.assign(error, { name: 'AbortError', code: 'ABORT_ERR' });
}
