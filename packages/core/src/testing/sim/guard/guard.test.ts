import { AsyncResource } from 'node:async_hooks';
import { File as BufferFile } from 'node:buffer';
import fs from 'node:fs';
import os from 'node:os';
import timers, { setTimeout as nodeTimeout } from 'node:timers';
import { promisify } from 'node:util';
import { describe, expect, jest, test } from '@jest/globals';
import { callContained } from '../../../vocabulary/callbacks.ts';
import { asOwn, machineTime } from '../../../vocabulary/platform.ts';
import { simulate } from '../simulate.ts';

const format = new Intl.DateTimeFormat('en', { timeZone: 'UTC', dateStyle: 'short' });

describe('outside a simulation', () => {
  test('functions have their names, their lengths and their promises', async () => {
    expect([Date.name, Date.length]).toEqual(['Date', 7]);
    expect([Date.now.name, Date.now.length]).toEqual(['now', 0]);
    expect([Math.random.name, Math.random.length]).toEqual(['random', 0]);
    expect([crypto.randomUUID.name, crypto.getRandomValues.length]).toEqual(['randomUUID', 1]);
    expect(process.hrtime.bigint()).toBeGreaterThan(0n);
    expect(process.hrtime(process.hrtime())[0]).toBe(0);
    expect(nodeTimeout.name).toBe('setTimeout');
    expect(await promisify(setTimeout)(1, 'value')).toBe('value');
  });

  test('a date is a date', () => {
    class Later extends Date {
      later(): number {
        return this.getTime() + 1;
      }
    }
    const date = new Date(5);
    expect(date).toBeInstanceOf(Date);
    expect(date.constructor).toBe(Date);
    expect(Object.getPrototypeOf(date)).toBe(Date.prototype);
    expect(Object.prototype.toString.call(date)).toBe('[object Date]');
    const later = new Later(1);
    expect([later instanceof Later, later instanceof Date, later.later()]).toEqual([true, true, 2]);
    expect(new Date(2_024, 1, 29).getDate()).toBe(29);
    expect(Date.UTC(1970, 0)).toBe(0);
    expect(typeof Date()).toBe('string');
    expect(Math.abs(new Date().getTime() - Date.now())).toBeLessThan(1_000);
  });

  test('formats are those of Intl', () => {
    expect(format.format(0)).toBe('1/1/70');
    expect(format.format).toBe(format.format);
    expect(format.format()).toBe(format.format(Date.now()));
    expect(format.formatToParts(0)).toHaveLength(5);
  });

  test('a file is a file', () => {
    const file = new File(['a'], 'a');
    expect([File.name, File.length, BufferFile.name]).toEqual(['File', 2, 'File']);
    expect(new BufferFile(['a'], 'a')).toBeInstanceOf(File);
    expect(Object.getPrototypeOf(File)).toBe(Blob);
    expect([file instanceof File, file instanceof Blob, file.constructor]).toEqual([
      true,
      true,
      File,
    ]);
    expect(file.lastModified).toBeGreaterThan(1_600_000_000_000);
    expect(() => Reflect.apply(File, undefined, [['a'], 'a'])).toThrow(TypeError);
    expect(() => Reflect.construct(File, [])).toThrow(TypeError);
  });

  test('processors, the machine and files have their real figures', () => {
    const before = process.cpuUsage();
    expect(before.user).toBeGreaterThan(0);
    expect(process.cpuUsage(before).user).toBeLessThan(before.user);
    expect(() => process.cpuUsage('x' as never)).toThrow(TypeError);
    expect(process.resourceUsage().userCPUTime).toBeGreaterThan(0);
    expect([os.uptime() > 0, os.freemem() > 0, os.loadavg().length]).toEqual([true, true, 3]);
    expect(fs.statSync('.').mtime.getTime()).toBeGreaterThan(0);
    expect(fs.statSync('.', { bigint: true }).mtimeNs).toBeGreaterThan(0n);
    expect(fs.statSync('no such file', { throwIfNoEntry: false })).toBeUndefined();
  });

  test('events, marks and measures have the real time', () => {
    const before = performance.now();
    expect(new Event('a').timeStamp).toBeGreaterThanOrEqual(before);
    expect(performance.mark('a').startTime).toBeGreaterThanOrEqual(before);
    expect(performance.mark('b', { startTime: 5, detail: 'why' })).toMatchObject({
      startTime: 5,
      detail: 'why',
    });
    expect(performance.measure('c', 'b').duration).toBeGreaterThan(0);
  });
});

describe('inside a simulation', () => {
  test('fake timers on top are set aside, and are there again after it', async () => {
    jest.useFakeTimers({ now: 1_000 });
    try {
      const fake = [setTimeout, Date, Math.random];
      await simulate({}, async (sim) => {
        expect(new Date().getFullYear()).toBe(2_020);
        await sim.clock.sleep(5);
        expect(performance.now()).toBe(5);
      });
      expect([setTimeout, Date, Math.random]).toEqual(fake);
      expect(Date.now()).toBe(1_000);
      const fired = jest.fn();
      setTimeout(fired, 10);
      jest.advanceTimersByTime(10);
      expect(fired).toHaveBeenCalledTimes(1);
    } finally {
      jest.useRealTimers();
    }
    expect(Date.now()).toBeGreaterThan(1e12);
  });

  test('marks and measures are in virtual time, unless they say otherwise', async () => {
    await simulate({}, async (sim) => {
      await sim.clock.sleep(3);
      expect(performance.mark('a').startTime).toBe(3);
      expect(performance.mark('b', { startTime: 1 }).startTime).toBe(1);
      await sim.clock.sleep(4);
      expect(performance.measure('c', 'a').duration).toBe(4);
      expect(performance.measure('d', 'b', 'a').duration).toBe(2);
      expect(performance.measure('e').duration).toBe(7);
      expect(performance.measure('f', { start: 1 }).duration).toBe(6);
      expect(performance.measure('g', { start: 1, duration: 2 }).duration).toBe(2);
    });
  });

  test('a file that is made is of the virtual time, unless it is given one', async () => {
    await simulate({}, async (sim) => {
      await sim.clock.sleep(1);
      const { name, type, lastModified } = new File(['a'], 'a', { type: 'text/plain' });
      expect([name, type, lastModified]).toEqual(['a', 'text/plain', sim.clock.wallTime()]);
      expect(new File([], 'a', { lastModified: 5 }).lastModified).toBe(5);
    });
  });

  test('the program takes no time of the processor, and all of that of the clock', async () => {
    await simulate({}, async (sim) => {
      const before = performance.eventLoopUtilization();
      await sim.clock.sleep(1_500);
      const after = performance.eventLoopUtilization();
      expect(after).toEqual({ idle: 1_500, active: 0, utilization: 0 });
      expect(performance.eventLoopUtilization(before)).toEqual(after);
      expect(performance.eventLoopUtilization(after, before)).toEqual(after);
      expect([process.cpuUsage(), os.uptime()]).toEqual([{ user: 0, system: 0 }, 1.5]);
      expect(() => process.cpuUsage('x' as never)).toThrow(TypeError);
    });
  });

  test('what is known of a file has its times again after the run', async () => {
    let stats: fs.Stats | undefined;
    await simulate({}, async () => {
      stats = fs.statSync('.');
      expect([stats.isDirectory(), stats instanceof fs.Stats]).toEqual([true, true]);
    });
    expect(stats?.mtimeMs).toBe(fs.statSync('.').mtimeMs);
  });

  test('a class of dates has the virtual time too', async () => {
    class Stamp extends Date {}
    await simulate({}, async (sim) => {
      await sim.clock.sleep(1);
      expect(new Stamp().getTime()).toBe(sim.clock.wallTime());
      expect(new Stamp(5).getTime()).toBe(5);
      expect(Date()).toBe(new Date().toString());
    });
  });
});

test('a timer that another copy of this package has in the real world goes on beside a simulation', async () => {
  const calls: unknown[] = [];
  const again = (): void => {
    calls.push('again');
  };
  const sink = { onCallbackFailure: (error: unknown) => calls.push(error) };
  const outside = new AsyncResource('outside');
  // The copy was loaded after this one, so that it calls the layer.
  const layer = timers.setTimeout;
  const begin = (): unknown => layer(callContained, 1, 'timer', layer, again, 1, sink);
  await simulate({}, async (sim) => {
    outside.runInAsyncScope(() => asOwn(begin));
    for (const start = machineTime(); calls.length === 0 && machineTime() - start < 10_000;) {
      await sim.clock.sleep(1);
    }
  });
  expect(calls).toEqual(['again']);
});
