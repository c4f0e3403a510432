/** The part of the WebAssembly interface that is used here; Node's type definitions do not have it. */

interface WebAssemblyModule {
  readonly kind?: 'module';
}

export interface WebAssemblyMemory {
  readonly buffer: ArrayBuffer;
}

export interface WebAssemblyInterface {
  validate(bytes: Uint8Array): boolean;
  readonly Module: {
    new (bytes: Uint8Array): WebAssemblyModule;
    exports(module: WebAssemblyModule): { readonly name: string }[];
  };
  readonly Instance: new (
    module: WebAssemblyModule,
    imports: Record<string, Record<string, (...values: number[]) => number>>,
  ) => { readonly exports: Record<string, unknown> };
}

/** `undefined` under `node --jitless`. */
export const webAssembly: WebAssemblyInterface | undefined = (
  globalThis as { WebAssembly?: WebAssemblyInterface }
).WebAssembly;
