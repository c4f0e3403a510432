/** A streamed body that can be sent again: each iteration begins anew. */
export abstract class MadeAgain implements AsyncIterable<Uint8Array | string> {
  /** In bytes. */
  abstract readonly length: number;
  /** The value of `Content-Type`; empty for none. */
  abstract readonly type: string;
  abstract [Symbol.asyncIterator](): AsyncIterator<Uint8Array | string>;
}

/** A `Blob`, or a file. */
export class BlobBody extends MadeAgain {
  readonly #blob: Blob;

  constructor(blob: Blob) {
    super();
    this.#blob = blob;
  }

  get length(): number {
    return this.#blob.size;
  }

  get type(): string {
    return this.#blob.type;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    // A stream of the platform is iterable in Node; the types of the DOM do not say so.
    return (this.#blob.stream() as unknown as AsyncIterable<Uint8Array>)[Symbol.asyncIterator]();
  }
}
