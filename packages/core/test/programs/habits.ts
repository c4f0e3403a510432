/**
 * Runs what programs commonly do in a simulation, each twice with one seed, and prints what came of it as JSON: `repeatable`,
 * or the kind of the failure and the call that it names.
 */

import { simulate, SimulationError } from '../../src/testing/index.ts';
import { kept } from './kept-functions.ts';
import { File as BufferFile } from 'node:buffer';
import * as crypto from 'node:crypto';
import { exec, execSync } from 'node:child_process';
import { lookup } from 'node:dns';
import { EventEmitter, once } from 'node:events';
import fs from 'node:fs';
import os from 'node:os';
import { join } from 'node:path';
import { createSocket } from 'node:dgram';
import inspector from 'node:inspector';
import { text } from 'node:stream/consumers';
import { open, opendir, readFile } from 'node:fs/promises';
import { connect } from 'node:net';
import {
  monitorEventLoopDelay,
  performance as performanceHook,
  PerformanceObserver,
} from 'node:perf_hooks';
import process from 'node:process';
import timers, { setImmediate as nodeImmediate, setTimeout as nodeTimeout } from 'node:timers';
import { scheduler, setInterval as ticks, setTimeout as sleep } from 'node:timers/promises';
import { inspect, promisify } from 'node:util';
import { MessageChannel, Worker } from 'node:worker_threads';
import zlib, { gzipSync } from 'node:zlib';

const FILE = new URL(import.meta.url);
const FOLDER = join(os.tmpdir(), 'awaitio-habits-');
const COPY = `${FOLDER}copy-${process.pid}`;
const key = (name: string): Promise<crypto.webcrypto.CryptoKey> =>
  crypto.subtle.importKey('raw', Buffer.from(name), { name: 'HMAC', hash: 'SHA-256' }, false, [
    'sign',
  ]);
const EC = crypto.generateKeyPairSync('ec', { namedCurve: 'prime256v1' }).privateKey;
const RSA = crypto.generateKeyPairSync('rsa', { modulusLength: 1_024 });
const PRIME = crypto.getDiffieHellman('modp5').getPrime();
const WASM = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);
const called = (call: (done: (error: unknown, value?: unknown) => void) => void): unknown =>
  promisify(call)();
const utc = { timeZone: 'UTC', dateStyle: 'full', timeStyle: 'full' } as const;
const { Temporal } = globalThis as { Temporal?: { Now: Record<string, () => unknown> } };

const HABITS: Readonly<Record<string, () => unknown>> = {
  // Time
  'Date.now()': () => Date.now(),
  'Date.now, kept': () => kept.now(),
  'new Date()': () => new Date().toISOString(),
  'new Date(), kept': () => new kept.Date().toISOString(),
  'Date()': () => Date(),
  'class extends Date': () => new (class extends Date {})().getTime(),
  'toLocaleString of now': () => new Date().toLocaleString('en', utc),
  'Intl.DateTimeFormat.format()': () => new Intl.DateTimeFormat('en', utc).format(),
  'Intl.DateTimeFormat.format, kept': () => kept.format(),
  'Intl.DateTimeFormat.formatToParts()': () =>
    new Intl.DateTimeFormat('en', { ...utc }).formatToParts(),
  'Temporal.Now.instant()': () => String(Temporal?.Now['instant']?.()),
  'Temporal.Now.plainTimeISO()': () => String(Temporal?.Now['plainTimeISO']?.()),
  'performance.now()': () => performance.now(),
  'performance.now, kept': () => kept.performanceNow(),
  'performance of node:perf_hooks': () => performanceHook.now(),
  'performance.timeOrigin': () => performance.timeOrigin,
  'performance.mark()': () => performance.mark('a').startTime,
  'performance.measure()': () => performance.measure('b').duration,
  'process.hrtime()': () => process.hrtime(),
  'process.hrtime, kept': () => kept.hrtime(),
  'process.hrtime.bigint()': () => String(process.hrtime.bigint()),
  'process.hrtime.bigint, kept': () => String(kept.bigint()),
  'process.uptime()': () => process.uptime(),
  'process.uptime, kept': () => kept.uptime(),
  'Event.timeStamp': () => new Event('a').timeStamp,
  // The machine
  'process.cpuUsage()': () => process.cpuUsage(),
  'process.cpuUsage, kept': () => kept.cpuUsage(),
  'process.cpuUsage() since an earlier one': () => process.cpuUsage({ user: 5, system: 5 }),
  'process.threadCpuUsage()': () =>
    (process as { threadCpuUsage?: () => unknown }).threadCpuUsage?.(),
  'process.resourceUsage(), its times': () => {
    const { userCPUTime, systemCPUTime } = process.resourceUsage();
    return [userCPUTime, systemCPUTime];
  },
  'performance.eventLoopUtilization()': () => {
    const before = performanceHook.eventLoopUtilization();
    return [before, performanceHook.eventLoopUtilization(before)];
  },
  'os.uptime()': () => os.uptime(),
  'os.uptime, imported and kept': () => kept.machineUptime(),
  'os.cpus()': () => os.cpus(),
  'os.loadavg()': () => os.loadavg(),
  'os.freemem()': () => os.freemem(),
  'process.getActiveResourcesInfo()': () => process.getActiveResourcesInfo(),
  'process._getActiveHandles()': () =>
    Reflect.apply(Reflect.get(process, '_getActiveHandles') as () => unknown, process, []),
  'new File()': () => new File(['a'], 'a').lastModified,
  'new File(), kept': () => new kept.File(['a'], 'a', { type: 'text/plain' }).lastModified,
  'new File() of node:buffer': () => new BufferFile(['a'], 'a').lastModified,
  'class extends File': () => new (class extends File {})(['a'], 'a').lastModified,
  'FormData.append() of a Blob': () => {
    const form = new FormData();
    form.append('a', new Blob(['a']));
    return (form.get('a') as File).lastModified;
  },
  'fs.mkdtempSync()': () => fs.mkdtempSync(FOLDER),
  'fs.mkdtempSync, kept': () => kept.mkdtempSync(FOLDER),
  'fs.mkdtemp()': () => called((done) => fs.mkdtemp(FOLDER, done)),
  'fs.statSync(), not its times': () => {
    const stats = fs.statSync(FILE);
    return [stats.isFile(), stats.size, 'mtime' in stats, stats instanceof fs.Stats];
  },
  'fs.statSync().mtime': () => fs.statSync(FILE).mtime,
  'fs.statSync, kept': () => kept.statSync(FILE).mtimeMs,
  'fs.lstatSync().ctimeMs': () => fs.lstatSync(FILE).ctimeMs,
  'fs.fstatSync().birthtimeNs': () => fs.fstatSync(0, { bigint: true }).birthtimeNs,
  'JSON of fs.statSync()': () => JSON.stringify(fs.statSync(FILE)),
  'a copy of fs.statSync()': () => Object.assign({}, fs.statSync(FILE)),
  'fs.cpSync(), with the times': () => {
    fs.cpSync(FILE, COPY, { preserveTimestamps: true });
    fs.rmSync(COPY);
  },
  // Timers
  'setTimeout()': () => setTimeout(() => {}, 1),
  'setTimeout, kept': () => kept.setTimeout(() => {}, 1),
  'setInterval()': () => setInterval(() => {}, 1),
  'setInterval, kept': () => kept.setInterval(() => {}, 1),
  'setImmediate()': () => setImmediate(() => {}),
  'setImmediate, kept': () => kept.setImmediate(() => {}),
  'promisify(setTimeout)': () => promisify(setTimeout)(1),
  'promisify(setTimeout), kept': () => kept.pause(1),
  'setTimeout of node:timers': () => nodeTimeout(() => {}, 1),
  'timers.setTimeout': () => timers.setTimeout(() => {}, 1),
  'setImmediate of node:timers': () => nodeImmediate(() => {}),
  'setTimeout of node:timers/promises': () => sleep(1),
  'setTimeout of node:timers/promises, kept': () => kept.sleep(1),
  'setInterval of node:timers/promises': () => ticks(1)[Symbol.asyncIterator]().next(),
  'scheduler.wait()': () => scheduler.wait(1),
  'scheduler.yield()': () => scheduler.yield(),
  'AbortSignal.timeout()': () => AbortSignal.timeout(1),
  'AbortSignal.timeout, kept': () => kept.timeout(1),
  'Atomics.waitAsync()': () =>
    (Atomics as unknown as { waitAsync: (...args: unknown[]) => { value: unknown } }).waitAsync(
      new Int32Array(new SharedArrayBuffer(4)),
      0,
      0,
      1,
    ).value,
  'events.once()': () => {
    const emitter = new EventEmitter();
    queueMicrotask(() => emitter.emit('a', 1));
    return once(emitter, 'a');
  },
  'queueMicrotask()': () => new Promise<void>((resolve) => queueMicrotask(resolve)),
  'AbortSignal.any()': () => AbortSignal.any([AbortSignal.timeout(1)]),
  PerformanceObserver: () => {
    const observer = new PerformanceObserver(() => {});
    observer.observe({ entryTypes: ['mark'] });
    performance.mark('b');
    observer.disconnect();
  },
  'monitorEventLoopDelay()': () => monitorEventLoopDelay(),
  'new FinalizationRegistry()': () => {
    new FinalizationRegistry(() => {}).register({}, 1);
  },
  'WeakRef.deref()': () => typeof new WeakRef(FILE).deref(),
  'process.nextTick()': () => new Promise<void>((resolve) => process.nextTick(resolve)),
  // Randomness
  'Math.random()': () => Math.random(),
  'Math.random, kept': () => kept.random(),
  'crypto.randomBytes()': () => crypto.randomBytes(4).toString('hex'),
  'crypto.randomBytes(), asynchronous': () => called((done) => crypto.randomBytes(4, done)),
  'crypto.randomBytes, kept': () => kept.randomBytes(4).toString('hex'),
  'crypto.randomBytes, required and kept': () => kept.required.randomBytes(4).toString('hex'),
  'crypto.randomInt()': () => crypto.randomInt(1_000_000),
  'crypto.randomInt, kept': () => kept.randomInt(1_000_000),
  'crypto.randomUUID()': () => crypto.randomUUID(),
  'crypto.randomUUID, kept': () => kept.randomUUID(),
  'crypto.randomFillSync()': () => crypto.randomFillSync(Buffer.alloc(4)).toString('hex'),
  'crypto.randomFill()': () => called((done) => crypto.randomFill(Buffer.alloc(4), done)),
  'crypto.getRandomValues()': () => crypto.getRandomValues(new Uint8Array(4)),
  'crypto.webcrypto.getRandomValues()': () => crypto.webcrypto.getRandomValues(new Uint8Array(4)),
  'global crypto.getRandomValues()': () => globalThis.crypto.getRandomValues(new Uint8Array(4)),
  'global crypto.getRandomValues, kept': () => kept.values(new Uint8Array(4)),
  'global crypto.randomUUID()': () => globalThis.crypto.randomUUID(),
  'global crypto.randomUUID, kept': () => kept.webUUID(),
  'crypto.generateKeyPairSync()': () =>
    crypto.generateKeyPairSync('ed25519').publicKey.export({ type: 'spki', format: 'pem' }),
  'crypto.generateKeySync()': () => crypto.generateKeySync('hmac', { length: 64 }).export(),
  'ECDH.generateKeys()': () => crypto.createECDH('prime256v1').generateKeys('hex'),
  'DiffieHellman.generateKeys()': () => crypto.createDiffieHellman(PRIME).generateKeys('hex'),
  'DiffieHellmanGroup.generateKeys()': () =>
    crypto.getDiffieHellman('modp5').generateKeys('hex').length,
  'crypto.publicEncrypt()': () =>
    crypto.publicEncrypt(RSA.publicKey, Buffer.from('a')).toString('hex'),
  'crypto.sign(), ECDSA': () => crypto.sign('sha256', Buffer.from('a'), EC).toString('hex'),
  'crypto.sign(), RSA': () =>
    crypto.sign('sha256', Buffer.from('a'), RSA.privateKey).toString('hex'),
  'crypto.sign(), RSA-PSS': () =>
    crypto
      .sign('sha256', Buffer.from('a'), {
        key: RSA.privateKey,
        padding: crypto.constants.RSA_PKCS1_PSS_PADDING,
      })
      .toString('hex'),
  'Sign.sign(), ECDSA, of a PEM': () =>
    crypto
      .createSign('sha256')
      .update('a')
      .sign(EC.export({ type: 'pkcs8', format: 'pem' }), 'hex'),
  'Sign.sign(), RSA': () => crypto.createSign('sha256').update('a').sign(RSA.privateKey, 'hex'),
  'URL.createObjectURL()': () => URL.createObjectURL(new Blob(['a'])),
  'crypto.subtle.generateKey()': () =>
    crypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']),
  // Real work
  'fs.readFile()': () => called((done) => fs.readFile(FILE, done)),
  'fs.promises.readFile()': () => readFile(FILE),
  'fs.promises.open()': () => open(FILE),
  'fs.promises.opendir()': () => opendir('.'),
  'dgram.createSocket()': () => createSocket('udp4').close(),
  'new BroadcastChannel()': () => new BroadcastChannel('a').close(),
  'process.stdin': () => process.stdin.on('data', () => {}),
  'process.stdin, again': () => process.stdin.resume(),
  'inspector.open()': () => inspector.open(0),
  'Blob.text()': () => new Blob(['a']).text(),
  'Response.text()': () => new Response('a').text(),
  TextDecoderStream: () => text(new Blob(['a']).stream().pipeThrough(new TextDecoderStream())),
  'fs.readFileSync()': () => fs.readFileSync(FILE, 'latin1').length,
  'fs.createReadStream()': () => once(fs.createReadStream(FILE), 'close'),
  'fs.watch()': () => {
    fs.watch('.').close();
  },
  'dns.lookup()': () => called((done) => lookup('localhost', done)),
  'child_process.exec()': () => called((done) => exec('true', done)),
  'child_process.execSync()': () => execSync('echo a').toString(),
  'new Worker()': () => once(new Worker('', { eval: true }), 'exit'),
  'new MessageChannel()': () => new MessageChannel().port1.close(),
  'zlib.gzip()': () => called((done) => zlib.gzip('a', done)),
  'zlib.gzipSync()': () => zlib.gzipSync('a').length,
  'zlib.gzipSync, imported': () => gzipSync('a').length,
  'zlib.createGzip()': () => once(zlib.createGzip().end('a').resume(), 'end'),
  'new CompressionStream()': () => new CompressionStream('gzip').writable.close(),
  'crypto.scrypt()': () => called((done) => crypto.scrypt('a', 'b', 8, done)),
  'crypto.scryptSync()': () => crypto.scryptSync('a', 'b', 8).toString('hex'),
  'crypto.pbkdf2()': () => called((done) => crypto.pbkdf2('a', 'b', 1, 8, 'sha256', done)),
  'crypto.createHash()': () => crypto.createHash('sha256').update('a').digest('hex'),
  'crypto.subtle.digest()': () => crypto.subtle.digest('SHA-256', Buffer.from('a')),
  'crypto.subtle.sign()': async () =>
    crypto.subtle.sign('HMAC', await key('0123456789abcdef'), Buffer.from('a')),
  'a real socket': () => connect(9),
  'fetch()': () => fetch('http://127.0.0.1:8081/'),
  'import() of a file': async () => Object.keys(await import('./imported-late.ts')),
  'import() of a module of Node': async () => typeof (await import('node:querystring')).parse,
  'WebAssembly.compile()': () =>
    (
      globalThis as unknown as { WebAssembly: { compile(code: Uint8Array): unknown } }
    ).WebAssembly.compile(WASM),
  'structuredClone()': () => structuredClone({ a: 1 }),
  'console.log()': () => console.error('on stderr'),
};

/** Long enough that no reading of the real time gives the same value again. */
function passRealTime(): void {
  const begin = process.hrtime.bigint();
  while (process.hrtime.bigint() - begin < 2_000_000n);
}

async function attempt(habit: () => unknown): Promise<string> {
  let value: unknown;
  try {
    const run = await simulate({ seed: 5 }, async (sim) => {
      sim.executor.spawn(() => sim.clock.sleep(1_000));
      await sim.clock.sleep(7.5);
      value = await habit();
      sim.log(inspect(value));
    });
    return `repeatable ${run.hash} ${run.virtualTime}`;
  } catch (error) {
    if (!(error instanceof SimulationError)) throw error;
    const [first = ''] = error.message.split('\n');
    const at = /\(called at .*[\\/](\w[\w-]*\.ts):\d+:\d+\)/.exec(first)?.[1];
    const what = /failed at .* ms: (?:Error: )?(.*?)(?: was called| has not ended|$)/.exec(first);
    return `${error.kind}: ${what?.[1] ?? first}${at === undefined ? '' : ` in ${at}`}`;
  }
}

const results: Record<string, string> = {};
const only = process.argv[2];
for (const [name, habit] of Object.entries(HABITS)) {
  if (only !== undefined && only !== name) continue;
  const first = await attempt(habit);
  passRealTime();
  const second = await attempt(habit);
  results[name] =
    first === second ? first.replace(/^repeatable .*/, 'repeatable') : `${first} | ${second}`;
}
console.log(JSON.stringify(results, undefined, 1));
process.exit();
