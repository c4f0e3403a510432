import { createRequire } from 'node:module';
import { describe, expect, test } from '@jest/globals';
import { HttpConnection } from '../protocol/connection.ts';
import type { RequestHead } from '../protocol/vocabulary/events.ts';
import {
  Errno,
  llhttp,
  loadInput,
  ParserType,
  REQUIRED_EXPORTS,
  startModule,
  type ParserSink,
} from './instance.ts';
import { Parser } from './parser.ts';
import { webAssembly as foundWebAssembly, type WebAssemblyInterface } from './web-assembly.ts';

const webAssembly = foundWebAssembly as WebAssemblyInterface;

const require = createRequire(import.meta.url);
const read = (path: string): unknown => require(path);
const SIMD = 'undici/lib/llhttp/llhttp_simd-wasm.js';
const PLAIN = 'undici/lib/llhttp/llhttp-wasm.js';

/** The names that the build exports, all of them; `docs/llhttp.md` says what to do when they change. */
const EXPORTS = [
  '__indirect_function_table',
  '_initialize',
  'free',
  'llhttp_alloc',
  'llhttp_errno_name',
  'llhttp_execute',
  'llhttp_finish',
  'llhttp_free',
  'llhttp_get_errno',
  'llhttp_get_error_pos',
  'llhttp_get_error_reason',
  'llhttp_get_http_major',
  'llhttp_get_http_minor',
  'llhttp_get_method',
  'llhttp_get_status_code',
  'llhttp_get_type',
  'llhttp_get_upgrade',
  'llhttp_init',
  'llhttp_message_needs_eof',
  'llhttp_method_name',
  'llhttp_pause',
  'llhttp_reset',
  'llhttp_resume',
  'llhttp_resume_after_upgrade',
  'llhttp_set_error_reason',
  'llhttp_set_lenient_chunked_length',
  'llhttp_set_lenient_data_after_close',
  'llhttp_set_lenient_headers',
  'llhttp_set_lenient_keep_alive',
  'llhttp_set_lenient_optional_cr_before_lf',
  'llhttp_set_lenient_optional_crlf_after_chunk',
  'llhttp_set_lenient_optional_lf_after_cr',
  'llhttp_set_lenient_spaces_after_chunk_size',
  'llhttp_set_lenient_transfer_encoding',
  'llhttp_set_lenient_version',
  'llhttp_settings_init',
  'llhttp_should_keep_alive',
  'llhttp_status_name',
  'malloc',
  'memory',
];

describe.each([
  ['with SIMD', SIMD],
  ['without SIMD', PLAIN],
])('the build %s', (_name, path) => {
  test('exports the names that it did when this was written', () => {
    const module = new webAssembly.Module(read(path) as Uint8Array);
    const names = webAssembly.Module.exports(module).map(({ name }) => name);
    expect(names.toSorted()).toEqual(EXPORTS);
    expect(EXPORTS).toEqual(expect.arrayContaining([...REQUIRED_EXPORTS]));
  });

  test('starts', () => {
    expect(startModule(() => read(path)).llhttp_alloc(1)).toBeGreaterThan(0);
  });
});

test('the error numbers are those that undici lists', () => {
  const { ERROR } = read('undici/lib/llhttp/constants.js') as { ERROR: Record<string, number> };
  expect(ERROR).toMatchObject(Errno);
});

test('undici is pinned to the minor version that was looked at', () => {
  const { dependencies, devDependencies } = read('../../package.json') as Record<
    string,
    Record<string, string>
  >;
  expect(devDependencies?.['undici']).toMatch(/^~7\.30\./);
  expect(dependencies).not.toHaveProperty('undici');
  expect(read('undici/package.json')).toMatchObject({
    version: expect.stringMatching(/^7\.30\./) as unknown,
  });
});

describe('a load that finds another shape fails with one sentence', () => {
  const EMPTY_MODULE = Uint8Array.of(0, 97, 115, 109, 1, 0, 0, 0);

  test.each<[name: string, load: () => unknown, got: RegExp]>([
    ['no module', () => undefined, /got none that compiles; install @awaitio\/http again$/],
    ['bytes that are no WebAssembly', () => new Uint8Array(8), /got none that compiles;/],
    [
      'a package that is not there',
      () => read('undici/lib/llhttp/llhttp_moved-wasm.js'),
      /^@awaitio\/http: could not read llhttp, the HTTP parser;/,
    ],
    [
      'a module without the functions',
      () => EMPTY_MODULE,
      /^@awaitio\/http: expected the llhttp 9 build of undici 7\.30, got one without _initialize, free, .*; install @awaitio\/http again$/,
    ],
    ['a module with other callbacks', () => withOtherCallbacks(), /got one with other callbacks;/],
  ])('%s', (_name, load, got) => {
    expect(() => startModule(load)).toThrow(got);
  });
});

/** The build with one of its imports renamed. */
function withOtherCallbacks(): Uint8Array {
  const bytes = Uint8Array.from(read(SIMD) as Uint8Array);
  const at = Buffer.from(bytes.buffer).indexOf('wasm_on_status');
  bytes.set(Buffer.from('wasm_on_sTatus'), at);
  return bytes;
}

describe('this version of llhttp', () => {
  const GET = 'GET / HTTP/1.1\r\nHost: a\r\n';
  const CHUNKED = `${GET}Transfer-Encoding: chunked\r\n\r\n`;

  // What it lets through is refused above it (protocol/receiving/request-rules.ts); what it refuses is refused only here.
  test.each<[name: string, text: string, errno: number, version: number]>([
    ['completes a request', `${GET}\r\n`, Errno.PAUSED, 11],
    ['takes HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', Errno.PAUSED, 10],
    ['lets HTTP/2.0 through', 'GET / HTTP/2.0\r\n\r\n', Errno.PAUSED, 20],
    ['lets HTTP/0.9 through', 'GET / HTTP/0.9\r\n\r\n', Errno.PAUSED, 9],
    ['lets a request without a version through', 'GET /\r\n\r\n', Errno.PAUSED, 9],
    ['lets a request without a version through, with a bare LF', 'GET /\n\r\n', Errno.PAUSED, 9],
    ['lets two spaces through', 'GET  /  HTTP/1.1\r\n\r\n', Errno.PAUSED, 11],
    ['lets a bare LF before the request through', `\n${GET}\r\n`, Errno.PAUSED, 11],
    ['lets a missing Host through', 'GET / HTTP/1.1\r\n\r\n', Errno.PAUSED, 11],
    [
      'lets an empty Transfer-Encoding through',
      `${GET}Transfer-Encoding:\r\n\r\n`,
      Errno.PAUSED,
      11,
    ],
    ['refuses HTTP/1.2', 'GET / HTTP/1.2\r\n\r\n', Errno.INVALID_VERSION, 12],
    [
      'refuses the preface of HTTP/2',
      'PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n',
      Errno.PAUSED_H2_UPGRADE,
      20,
    ],
    ['refuses an unknown method', 'FOO / HTTP/1.1\r\n\r\n', Errno.INVALID_METHOD, 0],
    ['refuses a control byte in a target', 'GET /\x01 HTTP/1.1\r\n\r\n', Errno.INVALID_URL, 0],
    ['refuses a bare LF after the request line', 'GET / HTTP/1.1\nHost: a\r\n\r\n', 9, 11],
    ['refuses a bare LF after a field', 'GET / HTTP/1.1\r\nHost: a\n\r\n', 25, 11],
    ['refuses a bare CR after a field', 'GET / HTTP/1.1\r\nHost: a\rX: y\r\n\r\n', 3, 11],
    ['refuses a bare CR for the empty line', `${GET}\rX`, 2, 11],
    ['refuses obs-fold', `${GET}X: y\r\n z\r\n\r\n`, 10, 11],
    ['refuses a space before the colon', `${GET}X : y\r\n\r\n`, 10, 11],
    [
      'refuses a signed Content-Length',
      `${GET}Content-Length: +1\r\n\r\n`,
      Errno.INVALID_CONTENT_LENGTH,
      11,
    ],
    [
      'refuses two Content-Lengths',
      `${GET}Content-Length: 1\r\nContent-Length: 1\r\n\r\n`,
      Errno.UNEXPECTED_CONTENT_LENGTH,
      11,
    ],
    [
      'refuses both framings',
      `${GET}Content-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n`,
      Errno.INVALID_TRANSFER_ENCODING,
      11,
    ],
    [
      'refuses a coding that is not chunked',
      `${GET}Transfer-Encoding: gzip\r\n\r\n`,
      Errno.INVALID_TRANSFER_ENCODING,
      11,
    ],
    [
      'refuses a space after a chunk size',
      `${CHUNKED}1 \r\nx\r\n0\r\n\r\n`,
      Errno.INVALID_CHUNK_SIZE,
      11,
    ],
    ['refuses a bare LF after a chunk size', `${CHUNKED}1\nx\r\n0\r\n\r\n`, 25, 11],
    ['refuses a missing line end after data', `${CHUNKED}1\r\nx0\r\n\r\n`, 2, 11],
    [
      'refuses a chunk size of 17 digits',
      `${CHUNKED}10000000000000000\r\n`,
      Errno.INVALID_CHUNK_SIZE,
      11,
    ],
  ])('%s', (_name, text, errno, version) => {
    expect(parse(text)).toEqual({ errno, version });
  });
});

const SILENT: ParserSink = {
  onUrl: () => {},
  onHeaderField: () => {},
  onHeaderValue: () => {},
  onHeadersComplete: () => 0,
  onBody: () => {},
};

/** What the parser makes of a request: how it stopped, and the version it read. */
function parse(text: string): { errno: number; version: number } {
  const parser = Parser.acquire(ParserType.REQUEST);
  const bytes = Buffer.from(text, 'latin1');
  loadInput(bytes);
  const errno = parser.execute(SILENT, 0, bytes.length);
  const { version } = parser;
  parser.release();
  return { errno, version };
}

describe('the parser', () => {
  test('is not re-entrant, says so, and is usable after', () => {
    const other = Parser.acquire(ParserType.REQUEST);
    const reentrant = (run: (sink: ParserSink) => unknown): ParserSink => ({
      ...SILENT,
      onUrl: () => run(SILENT),
    });
    for (const run of [
      (sink: ParserSink) => other.execute(sink, 0, 1),
      (sink: ParserSink) => other.finish(sink),
    ]) {
      const parser = Parser.acquire(ParserType.REQUEST);
      loadInput(Buffer.from('GET / HTTP/1.1\r\n'));
      expect(() => parser.execute(reentrant(run), 0, 16)).toThrow(
        'llhttp is not re-entrant: a parser was started by a callback',
      );
      parser.release();
    }
    other.release();
    expect(parse('GET / HTTP/1.0\r\n\r\n')).toEqual({ errno: Errno.PAUSED, version: 10 });
  });

  test('is fresh when it comes from the pool, whatever it was released in', () => {
    expect(parse('POST / HTTP/1.1\r\nContent-Length: 5\r\n\r\nhe').errno).toBe(Errno.OK);
    expect(parse('\0').errno).toBe(Errno.INVALID_METHOD);
    expect(parse('GET / HTTP/1.0\r\n\r\n')).toEqual({ errno: Errno.PAUSED, version: 10 });
  });

  test('sees tabs as spaces, in its own copy', () => {
    const bytes = Buffer.from('GET / HTTP/1.1\r\nContent-Length:\t1\t\r\n\r\n\t');
    const before = Uint8Array.from(bytes);
    const parser = Parser.acquire(ParserType.REQUEST);
    loadInput(bytes);
    expect(parser.execute(SILENT, 0, bytes.length)).toBe(Errno.PAUSED);
    parser.release();
    expect(Uint8Array.from(bytes)).toEqual(before);
  });

  test('takes input of any size, and small input again', () => {
    const size = 500_000;
    const large = `GET / HTTP/1.0\r\nX: ${'y'.repeat(size)}\r\n\r\n`;
    expect(parse(large).errno).toBe(Errno.PAUSED);
    expect(parse('GET / HTTP/1.0\r\n\r\n').errno).toBe(Errno.PAUSED);
  });

  test('survives the growth of its memory: ten thousand connections in the middle of a head', () => {
    const before = llhttp().memory.buffer;
    const connections = Array.from({ length: 10_000 }, () => new HttpConnection('server'));
    const half = (index: number): [string, string] => [
      `GET /${index} HTTP/1.1\r\nHo`,
      `st: host-${index}\r\n\r\n`,
    ];
    for (const [index, connection] of connections.entries()) {
      connection.receive(Buffer.from(half(index)[0]));
    }
    // A view of the old memory is detached: nothing may have kept one.
    expect(before.byteLength).toBe(0);
    for (const [index, connection] of connections.entries()) {
      connection.receive(Buffer.from(half(index)[1]));
      const head = connection.nextEvent() as RequestHead;
      expect([head.target, head.headers.get('host')]).toEqual([`/${index}`, `host-${index}`]);
    }
  });

  test('gives its memory back: another ten thousand need no more', () => {
    const run = (): void => {
      const parsers = Array.from({ length: 10_000 }, () => Parser.acquire(ParserType.RESPONSE));
      for (const parser of parsers) parser.release();
    };
    run();
    const { byteLength } = llhttp().memory.buffer;
    run();
    expect(llhttp().memory.buffer.byteLength).toBe(byteLength);
  });
});
