/** The echo handler: responds with the request's body. */

import { WOULD_BLOCK } from '@awaitio/core';
import { checkOptions, rules, type OptionTable } from '@awaitio/core/lowlevel';
import type { Body } from '../message/body.ts';
import type { HttpRequest } from '../message/request.ts';
import { ForwardedBody } from '../message/forwarded-body.ts';
import { responseOf, type HttpResponse } from '../message/response.ts';
import { latin1 } from '../protocol/vocabulary/latin1.ts';
import type { FieldList } from '../protocol/vocabulary/fields.ts';
import type { Handler } from '../message/handler.ts';

/** Options of {@link echo}. */
export interface EchoOptions {
  /** What to put before the body. @default 'echo: ' */
  readonly prefix?: string | undefined;
}

/** The type is the client's choice, so a browser must not guess another one from the body, which is the client's as well. */
const fieldsOf = (type: string): FieldList =>
  Object.freeze(['Content-Type', type, 'X-Content-Type-Options', 'nosniff']);

const TEXT = fieldsOf('text/plain; charset=utf-8');
const OCTETS = fieldsOf('application/octet-stream');
const ECHO_OPTIONS: OptionTable<EchoOptions> = { prefix: rules.string };

/**
 * Makes a handler that responds 200 with a prefix and the request's body, byte for byte.
 *
 * A body may be larger than memory: it is read as fast as the client reads the response. One of known length up to 128 KiB
 * is received as a whole first. A request of known length gets a response of known length, a chunked one a chunked
 * response. The response has the request's `Content-Type`; without one it is `application/octet-stream`, and text for a
 * request that has no body, as a browser's is. Browsers do not guess another type (`X-Content-Type-Options: nosniff`).
 *
 * @example
 * ```ts
 * import { echo, serve } from '@awaitio/http';
 *
 * const server = await serve(echo(), { port: 0 });
 * const answer = await fetch(server.url, { method: 'POST', body: 'name=WasmEdge' });
 * console.log(await answer.text()); // echo: name=WasmEdge
 * await server.shutdown();
 * ```
 */
export function echo(options?: EchoOptions): Handler {
  if (options !== undefined) checkOptions('echo', options, ECHO_OPTIONS);
  const prefix = Buffer.from(options?.prefix ?? 'echo: ');
  const prefixText = latin1(prefix);
  // Most requests in a row have the same type.
  let lastType = '';
  let lastFields = fieldsOf('');
  return (request: HttpRequest) => {
    const type = request.headers.get('content-type');
    const { body } = request;
    if (type !== null && type !== lastType) {
      lastType = type;
      lastFields = fieldsOf(type);
    }
    const fields = type === null ? (body.length === 0 ? TEXT : OCTETS) : lastFields;
    const text = body.tryLatin1();
    if (text !== WOULD_BLOCK) {
      return responseOf(ForwardedBody.ofLatin1(prefixText + text), undefined, fields);
    }
    const whole = body.tryBytes();
    if (whole !== WOULD_BLOCK) {
      if (whole.length < COPIED) return responseOf(concat(prefix, whole), undefined, fields);
      const init = { length: prefix.length + whole.length };
      return responseOf(ForwardedBody.ofBytes(prefix, whole), init, fields);
    }
    const { length } = body;
    if (length !== undefined && length <= COLLECTED) return respondWhole(prefix, body, fields);
    return respondStreamed(prefix, body, fields);
  };
}

async function respondStreamed(
  prefix: Uint8Array,
  body: Body,
  fields: FieldList,
): Promise<HttpResponse> {
  const { length } = body;
  const init = { length: length === undefined ? undefined : prefix.length + length };
  return responseOf(await ForwardedBody.begun(prefix, body), init, fields);
}

/**
 * Up to this size a body is received as a whole before the response: one write, where a streamed response takes one for
 * each segment that the network delivers.
 */
const COLLECTED = 131_072;

/** Up to this size a body is copied behind the prefix. */
const COPIED = 32_768;

async function respondWhole(
  prefix: Uint8Array,
  body: Body,
  fields: FieldList,
): Promise<HttpResponse> {
  const length = prefix.length + (body.length as number);
  return responseOf(await ForwardedBody.whole(prefix, body), { length }, fields);
}

function concat(prefix: Uint8Array, bytes: Uint8Array): Uint8Array {
  if (prefix.length === 0) return bytes;
  const whole = new Uint8Array(prefix.length + bytes.length);
  whole.set(prefix);
  whole.set(bytes, prefix.length);
  return whole;
}
