/**
 * The one WebAssembly instance of llhttp, and the one memory that all parsers of the process share.
 *
 * The build is the one that Node's team ships inside undici (see docs/llhttp.md for why). It is loaded at the first use:
 * 50 KB compile in a few milliseconds. Facts that the rest of this folder relies on:
 *
 * - Callbacks are imports of the module, not of a parser. One parser runs at a time, so the sink of the one that runs is
 *   a module variable, set around `llhttp_execute` only.
 * - Memory may grow whenever a parser is allocated, which detaches every view of it: a view whose length has become 0 is
 *   created again.
 * - Offsets that callbacks get are addresses; less the address of the input they are offsets into the chunk.
 */

import { importBuild, readBuild } from './build.ts';
import { webAssembly, type WebAssemblyInterface, type WebAssemblyMemory } from './web-assembly.ts';

/** llhttp's error numbers that are no error, or that have an explanation. */
export const Errno = {
  OK: 0,
  INVALID_METHOD: 6,
  INVALID_URL: 7,
  INVALID_VERSION: 9,
  INVALID_CONTENT_LENGTH: 11,
  UNEXPECTED_CONTENT_LENGTH: 4,
  INVALID_CHUNK_SIZE: 12,
  INVALID_TRANSFER_ENCODING: 15,
  PAUSED: 21,
  PAUSED_H2_UPGRADE: 23,
} as const;

/** What a message parser is for. */
export const ParserType = { REQUEST: 1, RESPONSE: 2 } as const;

/** A parser's callbacks, with offsets into the chunk that is being parsed. None of them may start another parser. */
export interface ParserSink {
  onUrl(start: number, end: number): void;
  onHeaderField(start: number, end: number): void;
  onHeaderValue(start: number, end: number): void;
  /** Returns 0 to go on, 1 when there is no body, 2 when there is none and another protocol follows, -1 to stop. */
  onHeadersComplete(status: number, upgrade: boolean, keepAlive: boolean): number;
  onBody(start: number, end: number): void;
}

/** The functions of the module that are used here. */
export interface Llhttp {
  readonly memory: WebAssemblyMemory;
  malloc(size: number): number;
  free(pointer: number): void;
  llhttp_alloc(type: number): number;
  llhttp_free(parser: number): void;
  llhttp_reset(parser: number): void;
  llhttp_execute(parser: number, data: number, length: number): number;
  llhttp_finish(parser: number): number;
  llhttp_get_error_pos(parser: number): number;
  llhttp_get_method(parser: number): number;
  llhttp_get_http_major(parser: number): number;
  llhttp_get_http_minor(parser: number): number;
}

/** The names that a build must export to be the one that this code was written for. */
export const REQUIRED_EXPORTS: readonly string[] = [
  '_initialize',
  'free',
  'llhttp_alloc',
  'llhttp_execute',
  'llhttp_finish',
  'llhttp_free',
  'llhttp_get_error_pos',
  'llhttp_get_http_major',
  'llhttp_get_http_minor',
  'llhttp_get_method',
  'llhttp_reset',
  'malloc',
  'memory',
];

/** A module with one `i8x16` instruction: it validates exactly where WebAssembly SIMD is supported. */
const SIMD_PROBE = new Uint8Array([
  0, 97, 115, 109, 1, 0, 0, 0, 1, 5, 1, 96, 0, 1, 123, 3, 2, 1, 0, 10, 10, 1, 8, 0, 65, 0, 253, 15,
  253, 98, 11,
]);

const INITIAL_INPUT = 65_536;
/** The most bytes that are loaded at once: the memory that holds them is never given back. */
export const MAX_INPUT = 1_048_576;
let sink: ParserSink | undefined;
let exports: Llhttp | undefined;
let input = 0;
let inputSize = 0;
let memoryView = new Uint8Array(0);

/** Callbacks, forwarded to the sink of the parser that runs. */
const CALLBACKS = {
  wasm_on_message_begin: () => 0,
  wasm_on_status: () => 0,
  wasm_on_url: (_parser: number, at: number, length: number) => {
    (sink as ParserSink).onUrl(at - input, at - input + length);
    return 0;
  },
  wasm_on_header_field: (_parser: number, at: number, length: number) => {
    (sink as ParserSink).onHeaderField(at - input, at - input + length);
    return 0;
  },
  wasm_on_header_value: (_parser: number, at: number, length: number) => {
    (sink as ParserSink).onHeaderValue(at - input, at - input + length);
    return 0;
  },
  wasm_on_headers_complete: (_parser: number, status: number, upgrade: number, keepAlive: number) =>
    (sink as ParserSink).onHeadersComplete(status, upgrade === 1, keepAlive === 1),
  wasm_on_body: (_parser: number, at: number, length: number) => {
    (sink as ParserSink).onBody(at - input, at - input + length);
    return 0;
  },
  // A parser pauses at the end of each message, so that the first byte of a pipelined request is known.
  wasm_on_message_complete: () => Errno.PAUSED,
};

/** Compiles and starts the module at the first call. @throws `Error`, one sentence, when that is impossible. */
export function llhttp(): Llhttp {
  exports ??= startFirst();
  return exports;
}

function startFirst(): Llhttp {
  // Before the build is read: without WebAssembly, the error is another.
  const simd = hasSimd();
  return startModule(() => readBuild(simd));
}

/**
 * Does what the first parser would do, for those who can wait: in a bundle that a user has made, the build is not a file
 * that can be read in one call.
 *
 * @returns `undefined` when the module has started, which needs no waiting wherever the build is a file: a simulation
 * takes as many steps with a loaded parser as without.
 * @throws `Error`, one sentence, when there is no WebAssembly, no memory, or no build of the right shape.
 */
export function loadLlhttp(): Promise<void> | undefined {
  if (exports !== undefined) return undefined;
  const simd = hasSimd();
  let build: unknown;
  try {
    build = readBuild(simd);
  } catch {
    return importBuild(simd).then(
      (imported) => {
        exports ??= startModule(() => imported);
      },
      (cause: unknown) => {
        throw unreadable(cause);
      },
    );
  }
  exports = startModule(() => build);
  return undefined;
}

function hasSimd(): boolean {
  if (webAssembly === undefined) {
    throw new Error(
      '@awaitio/http: the HTTP parser needs WebAssembly, which this process does not have; start node without --jitless and --no-expose-wasm',
    );
  }
  return webAssembly.validate(SIMD_PROBE);
}

/** Compiles and starts what `read` returns. @throws `Error`, one sentence, when that is impossible. */
export function startModule(read: () => unknown): Llhttp {
  const { Module, Instance } = webAssembly as WebAssemblyInterface;
  let build;
  try {
    build = read();
  } catch (cause) {
    throw unreadable(cause);
  }
  let module;
  try {
    module = new Module(build as Uint8Array);
  } catch (cause) {
    throw isOutOfMemory(cause) ? noMemory(cause) : otherShape('none that compiles', cause);
  }
  const names = Module.exports(module).map((entry) => entry.name);
  const missing = REQUIRED_EXPORTS.filter((name) => !names.includes(name));
  if (missing.length > 0) throw otherShape(`one without ${missing.join(', ')}`);
  let instance;
  try {
    instance = new Instance(module, { env: CALLBACKS });
  } catch (cause) {
    throw isOutOfMemory(cause) ? noMemory(cause) : otherShape('one with other callbacks', cause);
  }
  (instance.exports['_initialize'] as () => void)();
  // The names were compared above, and the guard test calls each of them.
  return instance.exports as unknown as Llhttp;
}

function isOutOfMemory(cause: unknown): boolean {
  return (cause as Error | undefined)?.name === 'RangeError';
}

function noMemory(cause: unknown): Error {
  return new Error(
    '@awaitio/http: there is no memory for the HTTP parser, for which V8 reserves 10 GB of addresses; raise the limit of this process (ulimit -v, --wasm-max-mem-pages), or start node with --disable-wasm-trap-handler',
    { cause },
  );
}

function unreadable(cause: unknown): Error {
  return new Error(
    '@awaitio/http: could not read llhttp, the HTTP parser; if this is a bundle, call `serve` or send a request with `HttpClient` first, which wait for it',
    { cause },
  );
}

function otherShape(got: string, cause?: unknown): Error {
  return new Error(
    `@awaitio/http: expected the llhttp 9 build of undici 7.30, got ${got}; install @awaitio/http again`,
    { cause },
  );
}

/**
 * Copies a chunk to where parsers read it. Valid until the next load.
 *
 * @param hasTabs - Whether there is a tab in it, for a caller that has looked.
 */
export function loadInput(view: Uint8Array, hasTabs: boolean = includesTab(view)): void {
  const module = reserveInput(view.length);
  if (memoryView.length === 0) memoryView = new Uint8Array(module.memory.buffer);
  memoryView.set(view, input);
  // llhttp refuses a tab around a Content-Length, which RFC 9110 section 5.6.3 allows as white space. Only llhttp reads this
  // copy; names, values and bodies are cut from the chunk itself.
  if (hasTabs) replaceTabs(memoryView.subarray(input, input + view.length));
}

/**
 * Makes room for a chunk that parsers only count: bytes of a body whose length is known. llhttp reads none of them, so
 * nothing is copied.
 */
export function reserveInput(length: number): Llhttp {
  const module = llhttp();
  if (length > inputSize) {
    if (input !== 0) module.free(input);
    inputSize = Math.max(INITIAL_INPUT, Math.ceil(length / 4_096) * 4_096);
    input = module.malloc(inputSize);
  }
  return module;
}

const TAB = 9;
const SPACE = 32;

function includesTab(view: Uint8Array): boolean {
  return Buffer.prototype.includes.call(view, TAB);
}

function replaceTabs(view: Uint8Array): void {
  for (let at = view.indexOf(TAB); at !== -1; at = view.indexOf(TAB, at + 1)) view[at] = SPACE;
}

/** Runs a parser over part of the loaded chunk; returns llhttp's error number. */
export function execute(parser: number, into: ParserSink, from: number, to: number): number {
  enter(into);
  try {
    return llhttp().llhttp_execute(parser, input + from, to - from);
  } finally {
    sink = undefined;
  }
}

/** Reports the end of the input to a parser; returns llhttp's error number. */
export function finish(parser: number, into: ParserSink): number {
  enter(into);
  try {
    return llhttp().llhttp_finish(parser);
  } finally {
    sink = undefined;
  }
}

function enter(into: ParserSink): void {
  if (sink !== undefined)
    throw new Error('llhttp is not re-entrant: a parser was started by a callback');
  sink = into;
}

/** Where in the loaded chunk the parser stopped. */
export function stoppedAt(parser: number): number {
  return llhttp().llhttp_get_error_pos(parser) - input;
}
