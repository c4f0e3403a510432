import { expect, test } from '@jest/globals';
import { startProgram } from '../support/program.ts';

/** Habits with a virtual answer, and those that depend on nothing outside. */
const REPEATABLE: readonly string[] = [
  'Date.now()',
  'Date.now, kept',
  'new Date()',
  'new Date(), kept',
  'Date()',
  'class extends Date',
  'toLocaleString of now',
  'Intl.DateTimeFormat.format()',
  'Intl.DateTimeFormat.format, kept',
  'Intl.DateTimeFormat.formatToParts()',
  'Temporal.Now.instant()',
  'Temporal.Now.plainTimeISO()',
  'performance.now()',
  'performance.now, kept',
  'performance of node:perf_hooks',
  'performance.timeOrigin',
  'performance.mark()',
  'performance.measure()',
  'process.hrtime()',
  'process.hrtime, kept',
  'process.hrtime.bigint()',
  'process.hrtime.bigint, kept',
  'process.uptime()',
  'process.uptime, kept',
  'Event.timeStamp',
  'events.once()',
  'process.nextTick()',
  'fs.readFileSync()',
  'child_process.execSync()',
  'zlib.gzipSync()',
  'zlib.gzipSync, imported',
  'crypto.scryptSync()',
  'crypto.createHash()',
  'import() of a file',
  'import() of a module of Node',
  'WebAssembly.compile()',
  'structuredClone()',
  'console.log()',
];

/** Habits that fail the run: the call that the failure names, and the file of its line. */
const REFUSED: Readonly<Record<string, string>> = {
  'setTimeout()': 'setTimeout in habits.ts',
  'setTimeout, kept': 'setTimeout in habits.ts',
  'setInterval()': 'setInterval in habits.ts',
  'setInterval, kept': 'setInterval in habits.ts',
  'setImmediate()': 'setImmediate in habits.ts',
  'setImmediate, kept': 'setImmediate in habits.ts',
  'promisify(setTimeout)': 'setTimeout of node:timers/promises in habits.ts',
  'promisify(setTimeout), kept': 'setTimeout of node:timers/promises in habits.ts',
  'setTimeout of node:timers': 'setTimeout of node:timers in habits.ts',
  'timers.setTimeout': 'setTimeout of node:timers in habits.ts',
  'setImmediate of node:timers': 'setImmediate of node:timers in habits.ts',
  'setTimeout of node:timers/promises': 'setTimeout of node:timers/promises in habits.ts',
  'setTimeout of node:timers/promises, kept': 'setTimeout of node:timers/promises in habits.ts',
  'setInterval of node:timers/promises': 'setInterval of node:timers/promises in habits.ts',
  'scheduler.wait()': 'scheduler.wait in habits.ts',
  'scheduler.yield()': 'scheduler.yield in habits.ts',
  'AbortSignal.timeout()': 'AbortSignal.timeout in habits.ts',
  'AbortSignal.timeout, kept': 'AbortSignal.timeout in habits.ts',
  'Atomics.waitAsync()': 'Atomics.waitAsync in habits.ts',
  'Math.random()': 'Math.random in habits.ts',
  'Math.random, kept': 'Math.random in habits.ts',
  'crypto.randomBytes()': 'crypto.randomBytes in habits.ts',
  'crypto.randomBytes(), asynchronous': 'crypto.randomBytes in habits.ts',
  'crypto.randomBytes, kept': 'crypto.randomBytes in habits.ts',
  'crypto.randomBytes, required and kept': 'crypto.randomBytes in habits.ts',
  'crypto.randomInt()': 'crypto.randomInt in habits.ts',
  'crypto.randomInt, kept': 'crypto.randomInt in habits.ts',
  'crypto.randomUUID()': 'crypto.randomUUID in habits.ts',
  'crypto.randomUUID, kept': 'crypto.randomUUID in habits.ts',
  'crypto.randomFillSync()': 'crypto.randomFillSync in habits.ts',
  'crypto.randomFill()': 'crypto.randomFill in habits.ts',
  'crypto.getRandomValues()': 'crypto.getRandomValues in habits.ts',
  'crypto.webcrypto.getRandomValues()': 'crypto.getRandomValues in habits.ts',
  'global crypto.getRandomValues()': 'crypto.getRandomValues in habits.ts',
  'global crypto.getRandomValues, kept': 'crypto.getRandomValues in habits.ts',
  'global crypto.randomUUID()': 'crypto.randomUUID in habits.ts',
  'global crypto.randomUUID, kept': 'crypto.randomUUID in habits.ts',
  'crypto.generateKeyPairSync()': 'crypto.generateKeyPairSync in habits.ts',
  'crypto.generateKeySync()': 'crypto.generateKeySync in habits.ts',
  'crypto.subtle.generateKey()': 'SubtleCrypto.generateKey of node:crypto in habits.ts',
  'fs.readFile()': 'readFile of node:fs in habits.ts',
  'fs.promises.readFile()': 'readFile of node:fs/promises in habits.ts',
  'fs.createReadStream()': 'open of node:fs',
  'fs.watch()': 'watch of node:fs in habits.ts',
  'dns.lookup()': 'lookup of node:dns in habits.ts',
  'child_process.exec()': 'exec of node:child_process in habits.ts',
  'new Worker()': 'new Worker of node:worker in habits.ts',
  'new MessageChannel()': 'MESSAGEPORT in habits.ts',
  'zlib.gzip()': 'gzip of node:zlib in habits.ts',
  'zlib.createGzip()': 'createGzip of node:zlib in habits.ts',
  'new CompressionStream()': 'new CompressionStream of node:webstreams in habits.ts',
  'crypto.scrypt()': 'scrypt of node:crypto in habits.ts',
  'crypto.pbkdf2()': 'pbkdf2 of node:crypto in habits.ts',
  'crypto.subtle.digest()': 'SubtleCrypto.digest of node:crypto in habits.ts',
  'crypto.subtle.sign()': 'SubtleCrypto.sign of node:crypto in habits.ts',
  'a real socket': 'net.Socket.connect in habits.ts',
  'fetch()': 'net.Socket.connect',
};

async function outcomes(name: string): Promise<Record<string, string>> {
  const program = startProgram(name);
  let text = '';
  for (let line = await program.nextLine(); line !== undefined; line = await program.nextLine()) {
    text += line;
  }
  return JSON.parse(text) as Record<string, string>;
}

test('no common habit makes a simulation differ from run to run without a word', async () => {
  expect(await outcomes('habits')).toEqual({
    ...Object.fromEntries(REPEATABLE.map((name) => [name, 'repeatable'])),
    ...Object.fromEntries(
      Object.entries(REFUSED).map(([name, call]) => [name, `forbidden call: ${call}`]),
    ),
  });
}, 120_000);
