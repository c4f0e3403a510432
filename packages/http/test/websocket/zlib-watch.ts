/** What zlib is asked for, and how much of it is still open. */
import zlib from 'node:zlib';

type Create = (options?: zlib.ZlibOptions) => unknown;
type Name = 'createInflateRaw' | 'createDeflateRaw';

const REAL: Readonly<Record<Name, Create>> = {
  createInflateRaw: zlib.createInflateRaw,
  createDeflateRaw: zlib.createDeflateRaw,
};

/** Node’s own are not writable. */
export function replaceZlib(name: Name, create: Create): void {
  Object.defineProperty(zlib, name, { value: create, configurable: true, enumerable: true });
}

export function restoreZlib(): void {
  for (const name of Object.keys(REAL) as Name[]) replaceZlib(name, REAL[name]);
}

/** Counts contexts from now on, until `restoreZlib`. */
export function watchZlib(): { readonly made: number; readonly open: number } {
  const made: { _handle: unknown }[] = [];
  for (const name of Object.keys(REAL) as Name[]) {
    replaceZlib(name, (options) => {
      const engine = REAL[name](options) as { _handle: unknown };
      made.push(engine);
      return engine;
    });
  }
  return {
    get made() {
      return made.length;
    },
    get open() {
      return made.filter(({ _handle }) => _handle !== null).length;
    },
  };
}
