/** llhttp by itself, in WebAssembly: what a parser over it cannot go below. */

import { createRequire } from 'node:module';
import type { Parse } from './parse.ts';

/** As much of the platform's WebAssembly as is used here. */
declare const WebAssembly: {
  Module: new (bytes: Uint8Array) => object;
  Instance: new (module: object, imports: object) => { readonly exports: unknown };
};

interface Llhttp {
  readonly memory: { readonly buffer: ArrayBuffer };
  _initialize(): void;
  malloc(size: number): number;
  llhttp_alloc(type: number): number;
  llhttp_execute(parser: number, data: number, length: number): number;
}

const REQUEST = 1;

/** Counts fields, and keeps nothing. */
export function bareLlhttp(): Parse {
  let fields = 0;
  const nothing = (): number => 0;
  const env = {
    wasm_on_message_begin: nothing,
    wasm_on_status: nothing,
    wasm_on_url: nothing,
    wasm_on_header_field: () => {
      fields += 1;
      return 0;
    },
    wasm_on_header_value: nothing,
    wasm_on_headers_complete: nothing,
    wasm_on_body: nothing,
    wasm_on_message_complete: nothing,
  };
  const require = createRequire(import.meta.url);
  const bytes = require('undici/lib/llhttp/llhttp_simd-wasm.js') as Uint8Array;
  const llhttp = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env }).exports as Llhttp;
  llhttp._initialize();
  const parser = llhttp.llhttp_alloc(REQUEST);
  const input = llhttp.malloc(65_536);
  const memory = new Uint8Array(llhttp.memory.buffer);
  return (request) => {
    fields = 0;
    memory.set(request, input);
    const errno = llhttp.llhttp_execute(parser, input, request.length);
    if (errno !== 0) throw new Error(`llhttp says ${errno}`);
    return fields;
  };
}
