import { once } from 'node:events';
import crypto from 'node:crypto';
import fs from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { pipeline } from 'node:stream/promises';
import { promisify } from 'node:util';
import zlib from 'node:zlib';
import { expect, test } from '@jest/globals';
import { simulate } from '../simulate.ts';
import type { SimulatedMain, SimulationOptions } from '../options.ts';
import { SimulationError } from '../report.ts';

const file = new URL(import.meta.url);
const text = 'to be or not to be\n'.repeat(5_000);

/** What a program does beside its real work, which must come in the same order in every run. */
async function hashesOf(allow: SimulationOptions['allow'], main: SimulatedMain): Promise<string[]> {
  const hashes: string[] = [];
  for (let run = 0; run < 3; run += 1) {
    const { hash } = await simulate({ seed: 1, allow }, main);
    hashes.push(hash);
  }
  return hashes;
}

test('files that are allowed are read and written in the order of the calls, while time stands still', async () => {
  const folder = fs.mkdtempSync(join(tmpdir(), 'awaitio-allowed-'));
  const order: string[][] = [];
  const hashes = await hashesOf(['files'], async (sim) => {
    const seen: string[] = [];
    order.push(seen);
    const name = join(folder, 'a.txt');
    const note = (what: string) => (): void => {
      seen.push(`${what} at ${sim.clock.now()}`);
      sim.log(what);
    };
    await sim.clock.sleep(5);
    const large = promisify(fs.readFile)(file).then(note('large'));
    const written = fs.promises.writeFile(name, text).then(note('written'));
    const missing = fs.promises
      .readFile(join(folder, 'none'))
      .catch((error: { code?: string }) => note(String(error.code))());
    await Promise.all([large, written, missing]);
    expect(await buffer(fs.createReadStream(name))).toEqual(Buffer.from(text));
    await pipeline(Readable.from(['one', 'two']), fs.createWriteStream(name));
    expect(await fs.promises.readFile(name, 'utf8')).toBe('onetwo');
    const fd = await promisify(fs.open)(name, 'r');
    const { bytesRead, buffer: read } = await promisify(fs.read)(fd, Buffer.alloc(3), 0, 3, 3);
    expect([bytesRead, read.toString()]).toEqual([3, 'two']);
    await new Promise<void>((resolve) => {
      fs.read(fd, { position: 0 }, (_error, count, bytes) => {
        expect([count, bytes.toString('utf8', 0, count)]).toEqual([6, 'onetwo']);
        resolve();
      });
    });
    await promisify(fs.close)(fd);
    await promisify(fs.rm)(name);
    expect(sim.clock.now()).toBe(5);
  });
  fs.rmSync(folder, { recursive: true });
  expect(order[0]).toEqual(['large at 5', 'written at 5', 'ENOENT at 5']);
  expect(new Set(hashes).size).toBe(1);
});

test('compression that is allowed ends in the order in which it began', async () => {
  const hashes = await hashesOf(['zlib'], async (sim) => {
    const both = await Promise.all([
      promisify(zlib.gzip)(text).then((bytes) => {
        sim.log('gzip');
        return bytes;
      }),
      buffer(Readable.from([text]).pipe(zlib.createGzip())).then((bytes) => {
        sim.log('createGzip');
        return bytes;
      }),
      buffer(Readable.from(['small']).pipe(zlib.createBrotliCompress())).then((bytes) => {
        sim.log('createBrotliCompress');
        return bytes;
      }),
    ]);
    expect(zlib.gunzipSync(both[0]).toString()).toBe(text);
    expect(zlib.gunzipSync(both[1]).toString()).toBe(text);
    expect(zlib.brotliDecompressSync(both[2]).toString()).toBe('small');
    await expect(promisify(zlib.gunzip)('no gzip')).rejects.toThrow('incorrect header');
    const stream = new CompressionStream('gzip');
    const writer = stream.writable.getWriter();
    void writer.write(Buffer.from('web')).then(() => writer.close());
    expect(zlib.gunzipSync(await buffer(stream.readable)).toString()).toBe('web');
    // What is destroyed in the middle holds no other up.
    // In more pieces than an emitter may have listeners of one kind before Node warns of a leak.
    const pieces = Array.from({ length: 30 }, (_, n) => `piece ${n} `);
    const zipped = await buffer(Readable.from(pieces).pipe(zlib.createGzip({ flush: 2 })));
    expect(zlib.gunzipSync(zipped).toString()).toBe(pieces.join(''));
    const broken = zlib.createGunzip();
    broken.end('no gzip');
    await once(broken, 'error');
    const left = zlib.createGzip();
    left.write('a');
    left.destroy();
    expect(sim.clock.now()).toBe(0);
  });
  expect(new Set(hashes).size).toBe(1);
});

test('keys that are allowed are derived in order; what is random is refused by name', async () => {
  const hashes = await hashesOf(['crypto'], async (sim) => {
    const { subtle } = crypto.webcrypto;
    const log = (name: string) => (bytes: ArrayBuffer | Buffer) => {
      sim.log(`${name} ${Buffer.from(bytes as ArrayBuffer).toString('hex')}`);
    };
    await Promise.all([
      promisify<string, string, number, Buffer>(crypto.scrypt)('a', 'b', 8).then(log('scrypt')),
      subtle.digest('SHA-512', Buffer.alloc(1_000_000)).then(log('large')),
      subtle.digest('SHA-256', Buffer.from('a')).then(log('small')),
      promisify(crypto.pbkdf2)('a', 'b', 1, 8, 'sha256').then(log('pbkdf2')),
    ]);
    const hmac = { name: 'HMAC', hash: 'SHA-256' };
    const key = await subtle.importKey('raw', Buffer.from('key'), hmac, false, ['sign']);
    log('sign')(await subtle.sign('HMAC', key, Buffer.from('a')));
    await expect(subtle.importKey('raw', Buffer.alloc(0), 'none', false, [])).rejects.toThrow(
      'Unrecognized',
    );
    expect(sim.clock.now()).toBe(0);
  });
  expect(new Set(hashes).size).toBe(1);
  const failure: unknown = await simulate({ allow: ['crypto'] }, async () => {
    await crypto.webcrypto.subtle.generateKey({ name: 'AES-GCM', length: 128 }, true, ['encrypt']);
  }).catch((error: unknown) => error);
  expect(failure).toBeInstanceOf(SimulationError);
  expect((failure as SimulationError).message).toMatch(/crypto\.subtle\.generateKey was called/);
});

test('each kind is allowed by its name, and no other', async () => {
  const refused = async (allow: SimulationOptions['allow'], main: SimulatedMain): Promise<string> =>
    simulate({ allow }, main).then(
      () => 'nothing',
      (error: SimulationError) => error.kind,
    );
  const read: SimulatedMain = async () => {
    await fs.promises.readFile(file);
  };
  const zip: SimulatedMain = async () => {
    await promisify(zlib.gzip)('a');
  };
  expect(await refused(['zlib', 'crypto'], read)).toBe('forbidden call');
  expect(await refused(['files', 'crypto'], zip)).toBe('forbidden call');
  expect(await refused(['files', 'zlib'], read)).toBe('nothing');
  expect(await refused(['files', 'zlib'], zip)).toBe('nothing');
  await expect(simulate({ allow: ['dns' as never] }, read)).rejects.toThrow(
    'expected `allow` to be a list of crypto, files, zlib',
  );
});
