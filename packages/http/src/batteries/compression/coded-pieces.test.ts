import { PassThrough, type Transform } from 'node:stream';
import zlib from 'node:zlib';
import { describe, expect, jest, test } from '@jest/globals';
import * as fc from 'fast-check';
import { createZstdDecompress, zstdDecompressSync } from '../../../test/support/zstd.ts';
import { CodedPieces } from './coded-pieces.ts';
import { CODINGS, createCoder, type ContentCoding } from './content-coding.ts';

const decoders: Readonly<Record<ContentCoding, (bytes: Uint8Array) => Uint8Array>> = {
  br: (bytes) => zlib.brotliDecompressSync(bytes),
  gzip: (bytes) => zlib.gunzipSync(bytes),
  // A Node without zstd has it in no table of tests.
  zstd: (bytes) => zstdDecompressSync!(bytes),
};

type Body = ConstructorParameters<typeof CodedPieces>[0];

/** The pieces of a body, and the coder that was made for them. */
function coded(body: Body, coding: ContentCoding = 'gzip', isFlushed = false, length?: number) {
  let coder: Transform | undefined;
  const make = (): Transform => (coder = createCoder(coding, {}, { length, isFlushed }));
  return { pieces: new CodedPieces(body, make, length), coder: () => coder as Transform };
}

async function collect(pieces: CodedPieces): Promise<Buffer> {
  const chunks: Uint8Array[] = [];
  for await (const chunk of pieces) chunks.push(chunk);
  return Buffer.concat(chunks);
}

/** A source that a test pushes into. */
function manual() {
  const log: string[] = [];
  let answer: ((result: IteratorResult<string>) => void) | undefined;
  let fail: ((reason: unknown) => void) | undefined;
  const iterator: AsyncIterator<string> = {
    next: () => {
      log.push('next');
      return new Promise((resolve, reject) => {
        answer = resolve;
        fail = reject;
      });
    },
    return: async () => {
      log.push('return');
      return { done: true, value: undefined };
    },
  };
  return {
    log,
    body: { [Symbol.asyncIterator]: () => iterator },
    push: (value: string) => answer?.({ done: false, value }),
    end: () => answer?.({ done: true, value: undefined }),
    fail: (reason: unknown) => fail?.(reason),
  };
}

const bytesOf = fc.uint8Array({ maxLength: 200 });

describe.each(CODINGS)('a body coded in %s', (coding) => {
  test('is the body again when it is decoded, whatever pieces it came in', () =>
    fc.assert(
      fc.asyncProperty(
        fc.array(bytesOf),
        fc.boolean(),
        fc.boolean(),
        async (given, flush, isAsync) => {
          const source = isAsync ? new Blob(given).stream() : given;
          const result = await collect(coded(source as Body, coding, flush).pieces);
          expect(Buffer.from(decoders[coding](result))).toEqual(Buffer.concat(given));
        },
      ),
      { numRuns: 50 },
    ));

  test('may be of any size, and one piece of it too', async () => {
    const noise = Buffer.from(
      Uint32Array.from({ length: 500_000 }, (_, at) => at * 2_654_435_761).buffer,
    );
    const result = await collect(coded([noise, 'x', noise], coding).pieces);
    const expected = Buffer.concat([noise, Buffer.from('x'), noise]);
    expect(expected.equals(decoders[coding](result))).toBe(true);
  });

  test('goes out piece by piece when it is flushed, each with all of its bytes', async () => {
    const source = manual();
    const { pieces } = coded(source.body, coding, true);
    const decoder = {
      gzip: zlib.createGunzip,
      br: zlib.createBrotliDecompress,
      zstd: createZstdDecompress!,
    }[coding]();
    for (const text of ['data: 1\n\n', 'data: 2\n\n', ':\n\n']) {
      const next = pieces.next();
      source.push(text);
      const { value } = await next;
      const read = new Promise((resolve) => decoder.once('data', resolve));
      decoder.write(value);
      expect(String(await read)).toBe(text);
    }
    const last = pieces.next();
    source.end();
    await last;
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
    decoder.destroy();
  });

  test('leaves no handle when it has ended', async () => {
    const { pieces, coder } = coded(['a', 'b'], coding);
    await collect(pieces);
    expect(coder().destroyed).toBe(true);
  });
});

describe('the source of a coded body', () => {
  test('is asked for a piece only when one of the result is asked for, and no buffer has any', async () => {
    const source = manual();
    const { pieces } = coded(source.body, 'gzip', true);
    expect(source.log).toEqual([]);
    const first = pieces.next();
    expect(source.log).toEqual(['next']);
    source.push('one');
    await first;
    await turns();
    expect(source.log).toEqual(['next']);
    void pieces.next();
    await turns();
    expect(source.log).toEqual(['next', 'next']);
    await pieces.return();
  });

  test('is not read on while megabytes of the result wait to be taken', async () => {
    let given = 0;
    function* noise(): Generator<Uint8Array> {
      for (; given < 1_000; given += 1) yield crypto.getRandomValues(new Uint8Array(65_536));
    }
    const { pieces } = coded(noise());
    await pieces.next();
    await turns(50);
    expect(given).toBeLessThan(5);
    await pieces.return();
  });

  test('is closed at once when the reader leaves while it is silent, and the wait ends', async () => {
    const source = manual();
    const { pieces, coder } = coded(source.body);
    const waiting = pieces.next();
    await turns();
    await pieces.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    expect(source.log).toEqual(['next', 'return']);
    expect(coder().destroyed).toBe(true);
    source.push('late');
    await turns();
    expect(await pieces.next()).toEqual({ done: true, value: undefined });
    expect(source.log).toEqual(['next', 'return']);
  });

  test('is closed when the reader leaves while a piece is being coded', async () => {
    const source = manual();
    const { pieces, coder } = coded(source.body);
    const waiting = pieces.next();
    source.push('x'.repeat(1_000_000));
    await Promise.resolve();
    await pieces.return();
    expect(await waiting).toEqual({ done: true, value: undefined });
    await turns();
    expect(source.log.at(-1)).toBe('return');
    expect(coder().destroyed).toBe(true);
  });

  test('is closed when the reader leaves before the first piece, and nothing is begun', async () => {
    const source = manual();
    const { pieces, coder } = coded(source.body);
    await pieces.return();
    await pieces.return();
    expect(source.log).toEqual(['return']);
    expect(coder()).toBeUndefined();
  });

  test('is not closed when it has ended by itself', async () => {
    const source = manual();
    const { pieces } = coded(source.body);
    const all = collect(pieces);
    source.push('a');
    while (source.log.length < 2) await turns(1);
    source.end();
    await all;
    expect(source.log).toEqual(['next', 'next']);
  });

  test('fails the body with its own error, late or at once, and is not closed then', async () => {
    const error = new Error('the source failed');
    const source = manual();
    const { pieces, coder } = coded(source.body);
    const waiting = pieces.next();
    source.fail(error);
    await expect(waiting).rejects.toBe(error);
    expect(source.log).toEqual(['next']);
    expect(coder().destroyed).toBe(true);
    expect(await pieces.next()).toEqual({ done: true, value: undefined });

    const failing = {
      [Symbol.iterator]: () => ({
        next: () => {
          throw error;
        },
      }),
    };
    await expect(coded(failing as never).pieces.next()).rejects.toBe(error);
    const unopened = {
      [Symbol.iterator]: () => {
        throw error;
      },
    };
    await expect(coded(unopened as never).pieces.next()).rejects.toBe(error);
    await coded(unopened as never).pieces.return();
  });

  test('is closed when it gives what is no piece', async () => {
    const log: string[] = [];
    const iterator = { next: () => ({ done: false, value: 5 }), return: () => log.push('return') };
    const { pieces } = coded({ [Symbol.iterator]: () => iterator } as never);
    await expect(pieces.next()).rejects.toThrow('expected `piece` to be a string or bytes');
    expect(log).toEqual(['return']);
  });

  test('is closed when the coder fails, and the body fails with its error', async () => {
    const source = manual();
    const coder = new PassThrough();
    const pieces = new CodedPieces(source.body, () => coder, undefined);
    const waiting = pieces.next();
    coder.destroy(new Error('no memory'));
    await expect(waiting).rejects.toThrow('no memory');
    expect(source.log).toEqual(['next', 'return']);
  });

  test('is held to the length that was announced', async () => {
    await expect(collect(coded(['abc', 'd'], 'gzip', false, 3).pieces)).rejects.toMatchObject({
      code: 'ERR_HTTP_BODY_TOO_LONG',
    });
    await expect(collect(coded(['ab'], 'gzip', false, 3).pieces)).rejects.toMatchObject({
      code: 'ERR_HTTP_BODY_TOO_SHORT',
    });
    const exact = await collect(coded(['ab', 'c'], 'gzip', false, 3).pieces);
    expect(String(zlib.gunzipSync(exact))).toBe('abc');
  });

  test('may fail to close: that goes to stderr', async () => {
    const said = jest.spyOn(console, 'error').mockImplementation(() => {});
    const iterator = {
      next: () => new Promise(() => {}),
      return: () => Promise.reject(new Error('x')),
    };
    const { pieces } = coded({ [Symbol.asyncIterator]: () => iterator } as never);
    void pieces.next();
    await pieces.return();
    await turns();
    expect(said.mock.calls).toHaveLength(1);
    expect(String(said.mock.calls[0])).toContain('return failed');
    said.mockRestore();
  });
});

async function turns(count = 20): Promise<void> {
  for (let turn = 0; turn < count; turn += 1) await new Promise((resolve) => setImmediate(resolve));
}
