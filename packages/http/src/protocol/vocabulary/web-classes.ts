/**
 * `Request`, `Response`, `Headers`, `FormData` and `MessageEvent`, which Node loads when the first of them is touched.
 *
 * With them, undici before 7.12, which Node 20 and 22 have, starts an HTTP parser in WebAssembly, and where that cannot start, an
 * unhandled rejection ends the process. So this package touches none of them before {@link loadWebClasses} has looked, neither by
 * `extends` in a module's body, nor by `typeof`, `instanceof` or the property's descriptor.
 */

interface WebAssemblyFacts {
  readonly Memory: new (descriptor: { readonly initial: number }) => object;
}

/** What decides whether Node can load them. */
export interface WebFacts {
  /** The version of Node's undici; `undefined` where there is none. */
  readonly undici: string | undefined;
  /** `undefined` under `node --jitless`. */
  readonly webAssembly: WebAssemblyFacts | undefined;
  /** Whether the program has loaded them. */
  readonly isLoaded: boolean;
}

/** Taken at load, as tests may fake it later. */
const { WebAssembly } = globalThis as { readonly WebAssembly?: WebAssemblyFacts };

/** Where undici has its dispatcher as soon as it is loaded. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');
/** The versions that start their parser when they are loaded. */
const STARTS_PARSER = /^(?:[0-6]|7\.(?:\d|1[01]))\./;
/** The memory with which undici's parser starts, in pages of 64 KiB. */
const PARSER_PAGES = 2;

let isUsable = false;
/** Kept, since each look has V8 collect all garbage. */
let trouble: string | undefined;

/**
 * Loads them, at the first call.
 *
 * @param operation - What needs them.
 * @throws `Error`, one sentence, where loading them would end the process
 */
export function loadWebClasses(operation: string): void {
  if (isUsable) return;
  const { undici } = process.versions as { readonly undici?: string };
  trouble ??= troubleOf({ undici, webAssembly: WebAssembly, isLoaded: DISPATCHER in globalThis });
  refuse(operation, trouble);
  // At once: what there is room for now may have none later.
  Reflect.get(globalThis, 'Headers');
  isUsable = true;
}

/** @throws `Error` where there is a reason to */
export function refuse(operation: string, reason: string | undefined): void {
  if (reason !== undefined) throw new Error(`${operation}: ${reason}`);
}

/** Why loading them would end the process; `undefined` when it would not. */
export function troubleOf({ undici, webAssembly, isLoaded }: WebFacts): string | undefined {
  if (isLoaded || undici === undefined || !STARTS_PARSER.test(undici)) return undefined;
  if (webAssembly === undefined) {
    return 'Request, Response, Headers and FormData of this Node need WebAssembly, which this process does not have; start node without --jitless and --no-expose-wasm';
  }
  try {
    // What V8 reserves for it is free again for undici's: before V8 gives up, it collects garbage.
    Reflect.construct(webAssembly.Memory, [{ initial: PARSER_PAGES }]);
    return undefined;
  } catch {
    return 'there is no memory for Request, Response, Headers and FormData of this Node, with which a parser starts for which V8 reserves 10 GB of addresses; raise the limit of this process (ulimit -v, --wasm-max-mem-pages), or start node with --disable-wasm-trap-handler';
  }
}
