/** The kinds of bodies that a program may send, and what each is on the wire. */

import { types } from 'node:util';
import { InvalidInputError, type Random } from '@awaitio/core';
import { describeFailure, failureOf, invalidInput } from '@awaitio/core/lowlevel';
import { MultipartForm } from './form-data.ts';
import { BlobBody, MadeAgain } from './made-again.ts';
import type { SentBody } from '../connections/failure.ts';
import { encodeEntries, type Entries } from '../routes/query.ts';
import { isSendable } from '../../message/body-pieces.ts';

/** A body that is there, or a stream of one. */
export type BodyValue =
  | string
  | Uint8Array
  | ArrayBuffer
  | ArrayBufferView
  | URLSearchParams
  | FormData
  | Blob
  | AsyncIterable<Uint8Array | string>
  | Iterable<Uint8Array | string>
  | ReadableStream<Uint8Array>;

/** Makes a body, again for each time that the request is sent: for a redirect, or on another connection. */
export type BodyFunction = () => BodyValue | Promise<BodyValue>;

/**
 * The body of a request. Bytes must not be changed afterwards. A stream cannot be sent twice, so no redirect or retry repeats
 * it; a function that makes it can be called again. A source that is not read to its end is cancelled, destroyed or returned.
 */
export type RequestBody = BodyValue | BodyFunction;

/** A body as it is sent, and the fields that describe it. */
export interface Content {
  readonly body: SentBody;
  /** Of a streamed body, if known. */
  readonly length: number | undefined;
  /** The value of `Content-Type`, unless the program sets one. */
  readonly type: string | undefined;
}

/** The options of a request that are its body. */
export interface ContentOptions {
  readonly body?: RequestBody | undefined;
  readonly json?: unknown;
  readonly form?: Entries | FormData | undefined;
}

const EXPECTED =
  'a string, bytes, a Blob, FormData, URLSearchParams, an iterable of bytes and strings, a ReadableStream, or a function that makes one of them';
const FORM = 'application/x-www-form-urlencoded;charset=UTF-8';

/**
 * The body of a request; a function for one that is made each time it is sent.
 *
 * @throws `InvalidInputError` for what cannot be sent, and for more than one of `body`, `json` and `form`.
 */
export function contentOf(
  options: ContentOptions,
  random: Random,
): Content | BodyFunction | undefined {
  const { body, json, form } = options;
  if (body === undefined && json === undefined && form === undefined) return undefined;
  const given = [body, json, form].filter((each) => each !== undefined);
  if (given.length > 1) {
    throw invalidInput('request', 'body', 'the only one of `body`, `json` and `form`', given[0]);
  }
  if (json !== undefined) return jsonContent(json);
  if (form !== undefined) return formContent(form, random);
  return typeof body === 'function' ? body : valueContent(body as BodyValue, random);
}

/** Calls a function that makes a body. @throws what it throws; `InvalidInputError` for what cannot be sent */
export async function madeContent(make: BodyFunction, random: Random): Promise<Content> {
  let value: BodyValue;
  try {
    value = await make();
  } catch (error) {
    throw failureOf(error, 'body');
  }
  return valueContent(value, random);
}

/** Whether a body can be sent again. */
export function isReplayable(body: SentBody | BodyFunction | undefined): boolean {
  return (
    body === undefined ||
    typeof body === 'string' ||
    typeof body === 'function' ||
    body instanceof Uint8Array ||
    body instanceof MadeAgain
  );
}

function valueContent(value: BodyValue, random: Random): Content {
  if (typeof value === 'string' || value instanceof Uint8Array) return plain(value);
  if (typeof value !== 'object' || value === null) throw notABody(value);
  if (ArrayBuffer.isView(value)) return plain(bytesOf(value.buffer, value));
  if (types.isAnyArrayBuffer(value)) return plain(new Uint8Array(value));
  const tag = tagOf(value);
  if (tag === 'URLSearchParams') return formContent(value as URLSearchParams, random);
  if (tag === 'FormData') return madeAgain(new MultipartForm(value as FormData, random));
  if (tag === 'Blob' || tag === 'File') return madeAgain(new BlobBody(value as Blob));
  if (!isSendable(value)) throw notABody(value);
  return plain(value as SentBody);
}

function plain(body: SentBody): Content {
  return { body, length: undefined, type: undefined };
}

function madeAgain(body: MadeAgain): Content {
  return { body, length: body.length, type: body.type === '' ? undefined : body.type };
}

function bytesOf(buffer: ArrayBufferLike, { byteOffset, byteLength }: ArrayBufferView): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** Its kind, also of another realm or of a library. A getter or a trap that throws fails the request. */
function tagOf(value: object): string {
  return Object.prototype.toString.call(value).slice(8, -1);
}

function jsonContent(value: unknown): Content {
  let text: unknown;
  try {
    text = JSON.stringify(value);
  } catch (error) {
    const [reason = ''] = describeFailure(error).split('\n', 1);
    throw new InvalidInputError(
      `request: expected \`json\` to be a value that JSON can hold: ${reason}`,
      'request',
      error,
    );
  }
  if (typeof text !== 'string') {
    throw invalidInput('request', 'json', 'a value that JSON can hold', value);
  }
  return { body: text, length: undefined, type: 'application/json' };
}

function formContent(form: Entries | FormData, random: Random): Content {
  const isObject = typeof form === 'object' && form !== null;
  if (isObject && tagOf(form) === 'FormData') {
    return madeAgain(new MultipartForm(form as FormData, random));
  }
  return { body: encodeEntries('form', form as Entries), length: undefined, type: FORM };
}

function notABody(value: unknown): InvalidInputError {
  const { message } = invalidInput('request', 'body', EXPECTED, value);
  const isObject = typeof value === 'object' && value !== null && tagOf(value) === 'Object';
  const advice = isObject
    ? ': for JSON there is the option `json`; options come after the body, as in post(url, undefined, { json })'
    : '';
  return new InvalidInputError(message + advice, 'request');
}
