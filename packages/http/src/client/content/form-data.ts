/** `FormData` as `multipart/form-data` (RFC 7578), as the Fetch standard encodes it. */

import type { Random } from '@awaitio/core';
import { MadeAgain } from './made-again.ts';

const LINE = '\r\n';

/** The form as it is sent: part by part, its files as they are read. */
export class MultipartForm extends MadeAgain {
  readonly #form: FormData;
  readonly #boundary: string;

  constructor(form: FormData, random: Random) {
    super();
    this.#form = form;
    const digits = Array.from({ length: 24 }, () => Math.floor(random.next() * 36).toString(36));
    this.#boundary = `----awaitio${digits.join('')}`;
  }

  get type(): string {
    return `multipart/form-data; boundary=${this.#boundary}`;
  }

  get length(): number {
    let length = Buffer.byteLength(this.#end);
    for (const [name, value] of this.#form) {
      length += Buffer.byteLength(this.#head(name, value)) + LINE.length;
      length += typeof value === 'string' ? Buffer.byteLength(withCrlf(value)) : value.size;
    }
    return length;
  }

  async *[Symbol.asyncIterator](): AsyncGenerator<Uint8Array | string> {
    for (const [name, value] of this.#form) {
      yield this.#head(name, value);
      if (typeof value === 'string') yield withCrlf(value);
      // A stream of the platform is iterable in Node; the types of the DOM do not say so.
      else yield* value.stream() as unknown as AsyncIterable<Uint8Array>;
      yield LINE;
    }
    yield this.#end;
  }

  get #end(): string {
    return `--${this.#boundary}--${LINE}`;
  }

  #head(name: string, value: string | File): string {
    const file =
      typeof value === 'string'
        ? ''
        : `; filename="${escaped(value.name)}"${LINE}Content-Type: ${value.type === '' ? 'application/octet-stream' : value.type}`;
    return `--${this.#boundary}${LINE}Content-Disposition: form-data; name="${escaped(withCrlf(name))}"${file}${LINE}${LINE}`;
  }
}

function withCrlf(text: string): string {
  return text.replaceAll(/\r\n|\r|\n/g, LINE);
}

/** A name cannot end its field, or the part. */
function escaped(name: string): string {
  return name.replaceAll('\n', '%0A').replaceAll('\r', '%0D').replaceAll('"', '%22');
}
