import { mkdtemp, open, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { recycle, takeBuffer } from '../protocol/vocabulary/body-buffers.ts';
import { FilePieces, type FilePart } from './file-pieces.ts';

const PIECE = 65_536;
let folder: string;
let path: string;
const bytes = Buffer.from(Uint8Array.from({ length: 3 * PIECE + 1_000 }, (_, at) => at % 251));

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'awaitio-pieces-'));
  path = join(folder, 'file.bin');
  await writeFile(path, bytes);
});
afterAll(() => rm(folder, { recursive: true }));

async function piecesOf(file: string, parts: readonly FilePart[]): Promise<FilePieces> {
  return new FilePieces(await open(file), parts);
}

describe('the pieces of a file', () => {
  test.each<[string, readonly FilePart[]]>([
    ['the whole', [{ start: 0, end: bytes.length }]],
    ['a part', [{ start: 10, end: PIECE + 11 }]],
    ['one byte', [{ start: PIECE, end: PIECE + 1 }]],
    ['parts with texts between them', ['<', { start: 0, end: 3 }, '|', { start: 5, end: 9 }, '>']],
    ['nothing', []],
  ])('are %s', async (_name, parts) => {
    const expected = Buffer.concat(
      parts.map((part) =>
        typeof part === 'string' ? Buffer.from(part) : bytes.subarray(part.start, part.end),
      ),
    );
    const got: Uint8Array[] = [];
    for await (const piece of await piecesOf(path, parts)) got.push(piece);
    expect(Buffer.concat(got).equals(expected)).toBe(true);
  });

  test('are read into memory that was recycled', async () => {
    const old = takeBuffer(PIECE);
    recycle(old);
    const pieces = await piecesOf(path, [{ start: 0, end: bytes.length }]);
    const { value } = await pieces.next();
    await pieces.return();
    expect((value as Uint8Array).buffer).toBe(old.buffer);
  });

  test('show nothing of what was in that memory before, also when the file ends within one', async () => {
    const short = join(folder, 'short.bin');
    await writeFile(short, bytes.subarray(0, PIECE));
    const old = takeBuffer(PIECE).fill(255);
    recycle(old);
    const pieces = await piecesOf(short, [{ start: 0, end: PIECE }]);
    await truncate(short, 1_000);
    const { value } = await pieces.next();
    expect(Buffer.from((value as Uint8Array).buffer).includes(255)).toBe(false);
    await expect(pieces.next()).rejects.toThrow(
      expect.objectContaining({ code: 'ERR_FILE_TRUNCATED' }),
    );
  });

  test('do not close the file under a read: its number may be that of another file then', async () => {
    const handle = await open(path);
    const close = handle.close.bind(handle);
    let isClosing = false;
    handle.close = () => {
      isClosing = true;
      return close();
    };
    const pieces = new FilePieces(handle, [{ start: 0, end: bytes.length }]);
    const reading = pieces.next();
    const ending = pieces.return();
    await Promise.resolve();
    expect(isClosing).toBe(false);
    expect((await reading).value).toHaveLength(PIECE);
    await ending;
    expect(isClosing).toBe(true);
  });

  test('end when they are given up, and close the file once', async () => {
    const pieces = await piecesOf(path, [{ start: 0, end: bytes.length }]);
    const reading = pieces.next();
    await Promise.all([pieces.return(), pieces.return(), reading]);
    expect((await pieces.next()).done).toBe(true);
  });
});
