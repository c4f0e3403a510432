/** Virtual time: whatever tells a program the time tells it the simulation's, as `sim.clock` does. */

import {
  cover,
  coverCall,
  currentWorld,
  layerOver,
  markLayer,
  realms,
  type AnyFunction,
} from './indirection.ts';

/** In nanoseconds. */
const SECOND = 1_000_000_000n;

const ofProcess = (): object => process;
/** Makes every way to ask for the time a layer. */
export function coverTime(): void {
  for (const globals of realms) {
    cover(globals, 'Date', dateLayer);
    const date = (): object => Reflect.get(globals(), 'Date') as object;
    coverCall(date, 'now', ({ wallTime }) => wallTime());
    // Not where the process has frozen what is built in.
    Reflect.defineProperty(Reflect.get(date(), 'prototype') as object, 'constructor', {
      configurable: true,
      enumerable: false,
      writable: true,
      value: date(),
    });
  }
  coverPerformance();
  coverCall(ofProcess, 'uptime', ({ now }) => now() / 1_000);
  cover(ofProcess, 'hrtime', hrtimeLayer);
  coverIntl();
  coverTemporal();
  // An event has the time of the first look at it, which is that of its dispatch for the listeners of this moment.
  const seen = new WeakMap<object, number>();
  cover(
    () => globalThis.Event.prototype,
    'timeStamp',
    (real) =>
      layerOver(real, ({ now }, { self }) => {
        const event = self as object;
        const time = seen.get(event) ?? now();
        seen.set(event, time);
        return time;
      }),
  );
}

/** `Date`, which has the simulation's time when it is given none. */
function dateLayer(real: AnyFunction): AnyFunction {
  // The layer is over no other function.
  const RealDate = real as unknown as DateConstructor;
  const layer = function (this: unknown, ...args: unknown[]): unknown {
    const world = currentWorld();
    const target = new.target as AnyFunction | undefined;
    if (target === undefined) {
      return world === undefined ? RealDate() : new RealDate(world.wallTime()).toString();
    }
    const given = args.length === 0 && world !== undefined ? [world.wallTime()] : args;
    // The common cases, as fast as they were.
    if (target !== layer) return Reflect.construct(RealDate, given, target);
    if (given.length === 0) return new RealDate();
    return new RealDate(...(given as [number]));
  };
  markLayer(layer, real);
  Object.defineProperty(layer, 'prototype', { value: RealDate.prototype, writable: false });
  return layer;
}

/** `process.hrtime` of the simulation: since its start or an earlier reading, and as a bigint. */
function hrtimeLayer(real: AnyFunction): AnyFunction {
  const layer = layerOver(real, ({ now }, { args }) => hrtimeOf(now, args[0]));
  const value = layerOver(Reflect.get(real, 'bigint') as AnyFunction, ({ now }) =>
    nanoseconds(now),
  );
  return Object.defineProperty(layer, 'bigint', { value });
}

const nanoseconds = (now: () => number): bigint => BigInt(Math.round(now() * 1e6));

/** As `process.hrtime`, in virtual time. */
export function hrtimeOf(now: () => number, since: unknown): [number, number] {
  const [seconds, rest] = (since ?? [0, 0]) as [number, number];
  const passed = nanoseconds(now) - BigInt(seconds) * SECOND - BigInt(rest);
  return [Number(passed / SECOND), Number(passed % SECOND)];
}

/** `performance`: its time, the marks that are made now, and measures that end now. */
function coverPerformance(): void {
  const performance = (): object => globalThis.performance;
  coverCall(performance, 'now', ({ now }) => now());
  coverCall(performance, 'timeOrigin', ({ now, wallTime }) => wallTime() - Math.floor(now()));
  coverCall(performance, 'mark', ({ now }, { self, args, real }) => {
    const [name, options, ...rest] = args;
    const marked = { startTime: now(), ...(options as object | undefined) };
    return Reflect.apply(real, self, [name, marked, ...rest]);
  });
  coverCall(performance, 'measure', ({ now }, { self, args, real }) => {
    const [name, from, end] = args;
    let measured: unknown[] = [from, end];
    if (typeof from === 'object' && from !== null) {
      const isBounded = 'end' in from || 'duration' in from;
      measured = [isBounded ? from : { ...from, end: now() }, end];
    } else if (end === undefined) {
      measured = [from === undefined ? { end: now() } : { start: from, end: now() }];
    }
    return Reflect.apply(real, self, [name, ...measured]);
  });
}

/** `Intl.DateTimeFormat`, which formats now when it is given no date. */
function coverIntl(): void {
  const prototype = (): object => Intl.DateTimeFormat.prototype;
  const formats = new WeakMap<AnyFunction, AnyFunction>();
  cover(prototype, 'format', (getter) => {
    const layer = function (this: unknown): unknown {
      const format = Reflect.apply(getter, this, []) as AnyFunction;
      let covered = formats.get(format);
      if (covered === undefined) {
        covered = layerOver(format, nowByDefault);
        formats.set(format, covered);
      }
      return covered;
    };
    return markLayer(layer, getter);
  });
  coverCall(prototype, 'formatToParts', nowByDefault);
}

function nowByDefault(
  { wallTime }: { readonly wallTime: () => number },
  { self, args, real }: { self: unknown; args: readonly unknown[]; real: AnyFunction },
): unknown {
  const [date = wallTime()] = args;
  return Reflect.apply(real, self, [date]);
}

/** `Temporal.Now`, where there is one. */
function coverTemporal(): void {
  const { Temporal } = globalThis as { Temporal?: TemporalLike };
  if (Temporal === undefined) return;
  const { Now, Instant } = Temporal;
  const owner = (): object => Now;
  const here = (wallTime: () => number, zone: unknown): ZonedLike =>
    Instant.fromEpochMilliseconds(wallTime()).toZonedDateTimeISO(zone ?? Now.timeZoneId());
  coverCall(owner, 'instant', ({ wallTime }) => Instant.fromEpochMilliseconds(wallTime()));
  coverCall(owner, 'zonedDateTimeISO', ({ wallTime }, { args }) => here(wallTime, args[0]));
  coverCall(owner, 'plainDateTimeISO', ({ wallTime }, { args }) =>
    here(wallTime, args[0]).toPlainDateTime(),
  );
  coverCall(owner, 'plainDateISO', ({ wallTime }, { args }) =>
    here(wallTime, args[0]).toPlainDate(),
  );
  coverCall(owner, 'plainTimeISO', ({ wallTime }, { args }) =>
    here(wallTime, args[0]).toPlainTime(),
  );
}

/** What is used of `Temporal`, which not every supported Node has. */
interface TemporalLike {
  readonly Now: { timeZoneId(): string };
  readonly Instant: {
    fromEpochMilliseconds(time: number): { toZonedDateTimeISO(zone: unknown): ZonedLike };
  };
}

interface ZonedLike {
  toPlainDate(): unknown;
  toPlainDateTime(): unknown;
  toPlainTime(): unknown;
}
