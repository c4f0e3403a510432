/**
 * Code that is compiled on first use: in a run, virtual time stands still for it; before a run, it is waited for.
 *
 * The `fetch` of Node is loaded by its first call, and compiles its parser meanwhile. In the first run of a process it would come later than
 * in the others, so it is loaded before.
 */

import { loadEverything } from '../../../vocabulary/lazy.ts';
import {
  cover,
  coverCall,
  currentWorld,
  markLayer,
  realms,
  type AnyFunction,
} from './indirection.ts';

/** What is being compiled outside of a run. */
const compiling = new Set<Promise<unknown>>();

const webAssembly = (globals: object = globalThis): object | undefined =>
  Reflect.get(globals, 'WebAssembly') as object | undefined;

/** Makes the functions that compile in other threads layers. */
export function coverLoading(): void {
  for (const globals of realms) {
    const owner = (): object | undefined => webAssembly(globals());
    for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) {
      cover(owner, name, (real) => compileLayer(name, real));
    }
  }
}

function compileLayer(name: string, real: AnyFunction): AnyFunction {
  const layer = function (this: unknown, ...args: unknown[]): unknown {
    const work = Reflect.apply(real, this, args) as Promise<unknown>;
    const world = currentWorld();
    if (world === undefined) void remember(work);
    else world.waitFor(work, `WebAssembly.${name}`);
    return work;
  };
  return markLayer(layer, real);
}

async function remember(work: Promise<unknown>): Promise<void> {
  compiling.add(work);
  await Promise.allSettled([work]);
  compiling.delete(work);
}

let fetchLoading: Promise<void> | undefined;
let isFetchLoaded = false;

/** Waits for what is loaded on first use, and for what is being compiled; `undefined` when there is nothing. */
export function loadedForRuns(): Promise<void> | undefined {
  const loading = loadEverything();
  if (loading !== undefined || !isFetchLoaded) return loadAll(loading);
  return compiling.size === 0 ? undefined : settled();
}

async function loadAll(loading: Promise<void> | undefined): Promise<void> {
  await loading;
  // After the parser of @awaitio/http, which may take the last room that there is.
  fetchLoading ??= loadFetch();
  await Promise.allSettled([fetchLoading]);
  isFetchLoaded = true;
  await settled();
}

async function settled(): Promise<void> {
  while (compiling.size > 0) await Promise.allSettled(compiling);
}

/** Where undici has its dispatcher as soon as it is loaded. */
const DISPATCHER = Symbol.for('undici.globalDispatcher.1');
/** The versions of undici that start their parser when they are loaded. */
const STARTS_PARSER = /^(?:[0-6]|7\.(?:\d|1[01]))\./;
/** The memory with which that parser starts, in pages of 64 KiB. */
const PARSER_PAGES = 2;

/**
 * Whether the `fetch` of Node can be loaded: with some versions of undici, an unhandled rejection ends the process where there is no WebAssembly,
 * as under `--jitless`, or no room for the memory of a parser, as under `ulimit -v`.
 */
function canLoadFetch(): boolean {
  const { undici } = process.versions as { readonly undici?: string };
  if (undici === undefined || !STARTS_PARSER.test(undici) || DISPATCHER in globalThis) return true;
  const Memory = webAssembly() && (Reflect.get(webAssembly() as object, 'Memory') as AnyFunction);
  if (Memory === undefined) return false;
  try {
    // V8 reserves for it what it would for the parser, and gives it back when that needs it.
    Reflect.construct(Memory, [{ initial: PARSER_PAGES }]);
    return true;
  } catch {
    return false;
  }
}

async function loadFetch(): Promise<void> {
  const { fetch } = globalThis as { fetch?: typeof globalThis.fetch };
  if (fetch === undefined || !canLoadFetch()) return;
  const response = await fetch('data:,');
  await response.text();
  await settled();
  coverForms();
}

/** A blob that becomes a file of a form is of the virtual time, also where `FormData` was loaded before the layers. */
function coverForms(): void {
  for (const name of ['append', 'set']) {
    coverCall(
      () => globalThis.FormData.prototype,
      name,
      (_world, { self, args, real }) => {
        const [key, value, filename = 'blob'] = args;
        const isPlain = value instanceof Blob && !(value instanceof File);
        const given = isPlain
          ? [key, new File([value], String(filename), { type: value.type })]
          : args;
        return Reflect.apply(real, self, given);
      },
    );
  }
}
