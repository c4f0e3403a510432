/** Forms as clients write them: undici's fetch, curl, and the bytes of Python's requests and of browsers. */
import { execFile } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { MemoryListener } from '@awaitio/core';
import { describeIf } from '../../../core/test/support/capabilities.ts';
import { formData, multipart } from '../../src/batteries/index.ts';
import { HttpResponse, serve, type Handler } from '../../src/index.ts';

const run = promisify(execFile);
let folder: string;
beforeAll(async () => {
  folder = await mkdtemp(join(tmpdir(), 'awaitio-forms-'));
});
afterAll(() => rm(folder, { recursive: true }));

interface Seen {
  readonly name: string;
  readonly filename?: string;
  readonly type: string;
  readonly body: string;
}

/** Answers with the parts of the form. */
const tell: Handler = async (request) => {
  const parts: Seen[] = [];
  for await (const part of multipart(request)) {
    const { name, filename, contentType: type } = part;
    const body = Buffer.from(await part.bytes()).toString('latin1');
    parts.push({ name, ...(filename === undefined ? {} : { filename }), type, body });
  }
  return HttpResponse.json(parts);
};

describe('a form of', () => {
  test('undici’s fetch arrives as it was made', async () => {
    await using server = await serve(tell, { port: 0 });
    const body = new FormData();
    body.append('text', 'one\r\ntwo');
    body.append('na"me\n', 'ü\0');
    body.append(
      'file',
      new File([Uint8Array.of(0, 13, 10, 45, 45, 255)], 'a "b".bin', { type: 'x/y' }),
    );
    body.append('none', new File([], ''));
    const answer = await fetch(server.url, { method: 'POST', body });
    const binary = Buffer.from([0, 13, 10, 45, 45, 255]).toString('latin1');
    expect(await answer.json()).toEqual([
      { name: 'text', type: 'text/plain', body: 'one\r\ntwo' },
      { name: 'na"me\r\n', type: 'text/plain', body: Buffer.from('ü\0').toString('latin1') },
      { name: 'file', filename: 'a "b".bin', type: 'x/y', body: binary },
      // undici leaves an empty name out.
      { name: 'none', type: 'application/octet-stream', body: '' },
    ]);
  });

  describeIf('curl')('of a program', () => {
    test('curl arrives as it was made', async () => {
      const path = join(folder, 'a"b.html');
      await writeFile(path, '<p>\r\n--');
      await using server = await serve(tell, { port: 0 });
      const file = `@"${path.replaceAll('"', String.raw`\"`)}"`;
      const args = ['-sS', '-F', 'text=hello world', '-F', `f=${file}`];
      const named = ['-F', `g=${file};filename=other.txt;type=text/x`];
      const { stdout } = await run('curl', [...args, ...named, server.url]);
      expect(JSON.parse(stdout)).toEqual([
        { name: 'text', type: 'text/plain', body: 'hello world' },
        { name: 'f', filename: 'a"b.html', type: 'text/html', body: '<p>\r\n--' },
        { name: 'g', filename: 'other.txt', type: 'text/x', body: '<p>\r\n--' },
      ]);
    });
  });

  test.each([
    [
      'Python’s requests',
      '0f9e6d5c4b3a2918',
      [
        '--0f9e6d5c4b3a2918',
        'Content-Disposition: form-data; name="note"',
        '',
        'hi',
        '--0f9e6d5c4b3a2918',
        'Content-Disposition: form-data; name="up"; filename="r%22.csv"',
        'Content-Type: text/csv',
        '',
        'a,b',
        '--0f9e6d5c4b3a2918--',
        '',
      ],
      [
        { name: 'note', type: 'text/plain', body: 'hi' },
        { name: 'up', filename: 'r".csv', type: 'text/csv', body: 'a,b' },
      ],
    ],
    [
      'Chrome',
      '----WebKitFormBoundaryAAAAAAAAAAAAAAAA',
      [
        '------WebKitFormBoundaryAAAAAAAAAAAAAAAA',
        'Content-Disposition: form-data; name="up"; filename="x.png"',
        'Content-Type: image/png',
        '',
        '\x89PNG',
        '------WebKitFormBoundaryAAAAAAAAAAAAAAAA--',
        '',
      ],
      [{ name: 'up', filename: 'x.png', type: 'image/png', body: '\x89PNG' }],
    ],
    [
      'Java, with a type and an encoding for each part',
      '----=_Part_0_1.2',
      [
        '------=_Part_0_1.2',
        'Content-Type: text/plain; charset=UTF-8',
        'Content-Transfer-Encoding: 8bit',
        'Content-Disposition: form-data; name="x"',
        '',
        'y',
        '------=_Part_0_1.2--',
        '',
      ],
      [{ name: 'x', type: 'text/plain; charset=UTF-8', body: 'y' }],
    ],
  ])('%s arrives as it was made', async (_name, boundary, lines, parts) => {
    await using server = await serve(tell, { listener: new MemoryListener() });
    const answer = await server.fetch('http://test/', {
      method: 'POST',
      headers: { 'Content-Type': `multipart/form-data; boundary=${boundary}` },
      body: Buffer.from(lines.join('\r\n'), 'latin1'),
    });
    expect(await answer.json()).toEqual(parts);
  });

  test('this server’s own FormData comes back to it', async () => {
    const handler: Handler = async (request) => {
      const form = await formData(request);
      const [first, second] = form.getAll('f') as [string, File];
      return HttpResponse.json([first, second.name, second.type, await second.text()]);
    };
    await using server = await serve(handler, { listener: new MemoryListener() });
    const body = new FormData();
    body.append('f', 'text');
    body.append('f', new File(['ü'], 'ü.txt', { type: 'text/plain' }));
    const answer = await server.fetch('http://test/', { method: 'POST', body });
    expect(await answer.json()).toEqual(['text', 'ü.txt', 'text/plain', 'ü']);
  });
});
