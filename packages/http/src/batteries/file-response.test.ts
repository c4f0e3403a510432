import { mkdtemp, rm, truncate, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { HttpResponse, serve, type Handler } from '../index.ts';
import { fileResponse } from './file-response.ts';

let folder: string;
let path: string;
const bytes = Uint8Array.from({ length: 300_000 }, (_, index) => index % 251);

beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'awaitio-file-'));
  path = join(folder, 'file.bin');
  await writeFile(path, bytes);
});
afterAll(() => rm(folder, { recursive: true }));

/** What a server with this handler answers, and what it reported. */
async function ask(
  handler: Handler,
  init?: RequestInit,
): Promise<{ response: Response; body: Promise<ArrayBuffer>; errors: unknown[] }> {
  const errors: unknown[] = [];
  const server = await serve(handler, {
    listener: new MemoryListener(),
    onError: (error) => errors.push(error),
  });
  const response = await server.fetch('http://test/', init);
  const body = response.arrayBuffer();
  await body.catch(() => {});
  await server.shutdown({ grace: 0 });
  return { response, body, errors };
}

describe('a file as a response', () => {
  test('is sent byte for byte, with its length and date', async () => {
    const { response, body } = await ask(() => fileResponse(path));
    expect(new Uint8Array(await body)).toEqual(bytes);
    expect(response.headers.get('content-length')).toBe('300000');
    expect(response.headers.get('content-type')).toBe('application/octet-stream');
    expect(Date.parse(response.headers.get('last-modified') ?? '')).not.toBeNaN();
  });

  test('keeps the status and the headers it is given', async () => {
    const { response } = await ask(() =>
      fileResponse(path, { status: 203, headers: { 'Content-Type': 'text/plain', ETag: '"1"' } }),
    );
    expect([response.status, response.headers.get('content-type')]).toEqual([203, 'text/plain']);
    expect(response.headers.get('etag')).toBe('"1"');
  });

  test('has one Last-Modified and one ETag, those that it is given', async () => {
    const given = { 'last-modified': 'Tue, 24 Nov 2026 08:00:00 GMT', etag: '"mine"' };
    const { response } = await ask(() => fileResponse(path, { headers: given }));
    for (const [name, value] of Object.entries(given)) {
      expect(response.headers.get(name)).toBe(value);
    }
  });

  test('is not opened for HEAD', async () => {
    const { response, body } = await ask(() => fileResponse(path), { method: 'HEAD' });
    expect(response.headers.get('content-length')).toBe('300000');
    expect((await body).byteLength).toBe(0);
  });

  test.each([
    ['a path that leads nowhere', () => join(folder, 'missing')],
    ['a folder', () => folder],
    ['a path below a file', () => join(path, 'x')],
  ])('is 404 for %s', async (_name, at) => {
    const { response, errors } = await ask(() => fileResponse(at()));
    expect([response.status, errors]).toEqual([404, []]);
  });

  test('ends the connection when the file gets shorter meanwhile', async () => {
    const other = join(folder, 'shrinking.bin');
    await writeFile(other, bytes);
    const { body, errors } = await ask(async () => {
      const response = await fileResponse(other);
      await truncate(other, 1_000);
      return response;
    });
    await expect(body).rejects.toThrow(/./);
    expect(errors).toMatchObject([{ code: 'ERR_FILE_TRUNCATED' }]);
  });

  test('can be a stream of the program’s own too', async () => {
    const { body } = await ask(() => HttpResponse.stream([bytes.slice(0, 10), 'end']));
    expect((await body).byteLength).toBe(13);
  });
});
