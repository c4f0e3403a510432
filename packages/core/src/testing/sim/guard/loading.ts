/**
 * Code that is compiled on first use: in a run, virtual time stands still for it; before a run, it is waited for.
 *
 * The `fetch` of Node is loaded by its first call, and compiles its parser meanwhile. In the first run of a process it would come later than
 * in the others, so it is loaded before.
 */

import { lazy, loadEverything } from '../../../vocabulary/lazy.ts';
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
    for (const name of ['compile', 'instantiate', 'compileStreaming', 'instantiateStreaming']) {
      cover(
        () => webAssembly(globals()),
        name,
        (real) => compileLayer(name, real),
      );
    }
  }
}

function compileLayer(name: string, real: AnyFunction): AnyFunction {
  const layer = function (this: unknown, ...args: unknown[]): unknown {
    const work = Reflect.apply(real, this, args as never[]) as Promise<unknown>;
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

/** Waits for what is loaded on first use, and for what is being compiled; `undefined` when there is nothing. */
export function loadedForRuns(): Promise<void> | undefined {
  const loading = loadEverything();
  if (loading === undefined) return compiling.size === 0 ? undefined : settled();
  return loading.then(settled);
}

async function settled(): Promise<void> {
  while (compiling.size > 0) await Promise.allSettled(compiling);
}

lazy(async () => {
  const { fetch } = globalThis as { fetch?: typeof globalThis.fetch };
  // Without WebAssembly, as under --jitless, the `fetch` of Node would end the process.
  if (fetch === undefined || webAssembly() === undefined) return;
  const response = await fetch('data:,');
  await response.text();
  await settled();
  coverForms();
});

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
        return Reflect.apply(real, self, given as never[]);
      },
    );
  }
}
