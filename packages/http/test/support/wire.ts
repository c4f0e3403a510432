/**
 * The other end of a connection, without any of the code that is tested: bytes out, bytes in.
 *
 * It reads responses with the few rules that a test needs (RFC 9112 section 6.3), so that a mistake of the decoder or the
 * encoder cannot hide behind the same mistake on the other side.
 */

import type { ByteStream, StreamEnd } from '@awaitio/core';

/** A response as it stood on the wire; the body is latin1. */
export interface WireResponse {
  readonly status: number;
  /** The start line and the fields, with their line ends, without the empty line. */
  readonly head: string;
  readonly body: string;
  /** The trailer section of a chunked body, with its line ends. */
  readonly trailers: string;
  /** The first value of a field. */
  readonly get: (name: string) => string | undefined;
}

/** A raw end of a connection. */
export class Wire {
  readonly stream: ByteStream;

  constructor(stream: ByteStream) {
    this.stream = stream;
  }

  /** Sends text (latin1) or bytes. */
  send(data: string | Uint8Array): Promise<void> {
    return this.stream.writeAll(typeof data === 'string' ? Buffer.from(data, 'latin1') : data);
  }

  /** Sends FIN; reading continues. */
  finish(): Promise<void> {
    return this.stream.shutdown('write');
  }

  /** Everything until the end of the stream. */
  async rest(): Promise<string> {
    const chunks: Uint8Array[] = [];
    for await (const chunk of this.stream) chunks.push(chunk);
    return text(Buffer.concat(chunks));
  }

  /** A head, with its empty line. */
  async head(): Promise<string> {
    const bytes = await this.stream.readUntil('\r\n\r\n');
    if (bytes === null) throw new Error('the connection ended before a head');
    return text(bytes);
  }

  /** One whole response; `to` is the method that it answers. */
  async response(to = 'GET'): Promise<WireResponse> {
    const head = await this.head();
    const status = Number(/^HTTP\/1\.1 (\d{3}) /.exec(head)?.[1]);
    const get = (name: string): string | undefined =>
      new RegExp(`^${name}: *(.*?)\r$`, 'im').exec(head)?.[1];
    const { body, trailers } =
      to === 'HEAD' || status < 200 || status === 204 || status === 304
        ? { body: '', trailers: '' }
        : await this.#body(get);
    return { status, head: head.slice(0, -2), body, trailers, get };
  }

  /** Sends a request and FIN, and returns everything received until the end. */
  async talk(request: string | Uint8Array): Promise<string> {
    await this.send(request);
    await this.finish();
    return this.rest();
  }

  get closed(): Promise<StreamEnd> {
    return this.stream.closed;
  }

  close(): Promise<void> {
    return this.stream.close();
  }

  async #body(get: (name: string) => string | undefined) {
    const length = get('content-length');
    if (get('transfer-encoding') === 'chunked') return this.#chunks();
    if (length === undefined) return { body: await this.rest(), trailers: '' };
    return { body: text(await this.stream.readExactly(Number(length))), trailers: '' };
  }

  async #chunks() {
    let body = '';
    for (;;) {
      const line = await this.#line();
      const size = Number.parseInt(line, 16);
      if (!/^[0-9a-f]+\r\n$/i.test(line))
        throw new Error(`a chunk of size ${JSON.stringify(line)}`);
      if (size === 0) break;
      body += text(await this.stream.readExactly(size));
      const end = text(await this.stream.readExactly(2));
      if (end !== '\r\n') throw new Error(`a chunk ends with ${JSON.stringify(end)}`);
    }
    let trailers = '';
    for (let line = await this.#line(); line !== '\r\n'; line = await this.#line())
      trailers += line;
    return { body, trailers };
  }

  async #line(): Promise<string> {
    const bytes = await this.stream.readUntil('\n');
    if (bytes === null) throw new Error('the connection ended inside a chunked body');
    return text(bytes);
  }
}

/** Bytes as latin1 text. */
export function text(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString('latin1');
}
