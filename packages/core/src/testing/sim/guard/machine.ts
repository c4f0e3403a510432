/**
 * What the machine tells a program beside the time: files, processors, load. A program takes no virtual time to compute, so
 * that processor times stand still, and the machine has been up since the start of the run. What depends on the moment and has
 * no virtual answer throws.
 *
 * The memory of the process stays real: a program may hold it against a bound.
 */

import buffer from 'node:buffer';
import fs from 'node:fs';
import os from 'node:os';
import {
  cover,
  coverCall,
  currentWorld,
  markLayer,
  prototypeOf,
  type AnyFunction,
} from './indirection.ts';

const FILE_TIMES = ['atime', 'mtime', 'ctime', 'birthtime'].flatMap((name) => [
  name,
  `${name}Ms`,
  `${name}Ns`,
]);

const NO_PROCESSOR_TIME = { user: 0, nice: 0, sys: 0, idle: 0, irq: 0 };

const ofProcess = (): object => process;
const ofOs = (): object => os;
const ofFs = (): object => fs;
/** Makes everything that tells of the machine a layer. */
export function coverMachine(): void {
  coverProcessor();
  coverLoad();
  coverFiles();
  // Node makes it on first use, in place of what would cover it.
  void globalThis.File;
  cover(() => globalThis, 'File', fileLayer);
  cover(() => buffer, 'File', fileLayer);
}

function coverProcessor(): void {
  for (const name of ['cpuUsage', 'threadCpuUsage']) {
    coverCall(ofProcess, name, (_world, { self, args, real }) => {
      // It checks what it is given.
      Reflect.apply(real, self, args);
      return { user: 0, system: 0 };
    });
  }
  coverCall(ofProcess, 'resourceUsage', (_world, { self, real }) => ({
    ...(Reflect.apply(real, self, []) as object),
    userCPUTime: 0,
    systemCPUTime: 0,
  }));
  coverCall(
    () => globalThis.performance,
    'eventLoopUtilization',
    ({ now }, { args }) => {
      const [{ idle: later = 0 } = {}, earlier] = args as { readonly idle?: number }[];
      const idle = earlier === undefined ? now() - later : later - (earlier.idle ?? 0);
      return { idle, active: 0, utilization: 0 };
    },
  );
}

function coverLoad(): void {
  coverCall(ofOs, 'uptime', ({ now }) => now() / 1_000);
  coverCall(ofOs, 'cpus', (_world, { self, real }) =>
    (Reflect.apply(real, self, []) as os.CpuInfo[]).map((cpu) => ({
      ...cpu,
      speed: 0,
      times: { ...NO_PROCESSOR_TIME },
    })),
  );
  for (const name of ['loadavg', 'freemem']) {
    coverCall(ofOs, name, ({ refuse }) =>
      refuse(`os.${name}`, 'a number that the program is given'),
    );
  }
}

function coverFiles(): void {
  for (const name of ['mkdtempSync', 'mkdtempDisposableSync']) {
    coverCall(ofFs, name, ({ refuse }) =>
      refuse(`fs.${name}`, 'mkdirSync, with a name of sim.random'),
    );
  }
  for (const name of ['statSync', 'lstatSync', 'fstatSync']) {
    coverCall(ofFs, name, (_world, { self, args, real }) =>
      withoutTimes(Reflect.apply(real, self, args), name),
    );
  }
}

/** The properties of a file as they are, but for its times, which throw when they are read. */
function withoutTimes(stats: unknown, call: string): unknown {
  if (typeof stats !== 'object' || stats === null) return stats;
  const shown = Object.create(
    Object.getPrototypeOf(stats) as object,
    Object.getOwnPropertyDescriptors(stats),
  ) as object;
  for (const name of FILE_TIMES) {
    if (!(name in stats)) continue;
    Object.defineProperty(shown, name, {
      configurable: true,
      enumerable: Object.hasOwn(stats, name),
      get: (): unknown => {
        const world = currentWorld();
        if (world === undefined || world.isTool()) return Reflect.get(stats, name);
        return world.refuse(`fs.${call}().${name}`, 'a time that the program is given');
      },
    });
  }
  return shown;
}

/** Layers by their classes: `File` is the same by all of its names. */
const files = new WeakMap<AnyFunction, AnyFunction>();

/** `File`, or the getter of it. */
function fileLayer(real: AnyFunction): AnyFunction {
  if (!('prototype' in real)) {
    const getter = function (this: unknown): unknown {
      const made: unknown = Reflect.apply(real, this, []);
      return fileClass(made as AnyFunction);
    };
    return markLayer(getter, real);
  }
  return fileClass(real);
}

/** `File`, which was modified now in the simulation's time when it is given no time. */
function fileClass(real: AnyFunction): AnyFunction {
  const known = files.get(real);
  if (known !== undefined) return known;
  const layer = function (this: unknown, ...args: unknown[]): unknown {
    const target = new.target as AnyFunction | undefined;
    if (target === undefined) return Reflect.apply(real, this, args);
    const world = currentWorld();
    const given = world === undefined ? args : modifiedAt(Math.floor(world.wallTime()), args);
    return Reflect.construct(real, given, target === layer ? real : target);
  };
  markLayer(layer, real);
  files.set(real, layer);
  const prototype = prototypeOf(real);
  Object.defineProperty(layer, 'prototype', { value: prototype, writable: false });
  Object.setPrototypeOf(layer, Object.getPrototypeOf(real) as object);
  // Not where the process has frozen what is built in.
  Reflect.defineProperty(prototype, 'constructor', {
    configurable: true,
    enumerable: false,
    writable: true,
    value: layer,
  });
  return layer;
}

function modifiedAt(time: number, args: readonly unknown[]): readonly unknown[] {
  const [pieces, name, options, ...rest] = args;
  if (args.length < 2) return args;
  const given = options ?? {};
  if (typeof given !== 'object' || Reflect.get(given, 'lastModified') !== undefined) return args;
  return [pieces, name, Object.create(given, { lastModified: { value: time } }), ...rest];
}
