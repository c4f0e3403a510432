/**
 * Header fields to be sent: the forms an application may write them in, checked before a byte goes out.
 *
 * A CR or LF in a value would end the field and begin another, or the body: that is header injection, and refused. So are
 * names that are no token (RFC 9110 section 5.6.2) and characters that have no latin1 byte.
 */

import { LocalProtocolError } from './errors.ts';

/** Header fields: a record (a list as value repeats the field), or pairs, or anything that iterates over pairs. */
export type HeadersInput =
  | Readonly<Record<string, string | number | readonly string[] | undefined>>
  | Iterable<readonly [name: string, value: string]>;

/** Fields in the order they are sent: name, value, name, value… */
export type FieldList = readonly string[];

const NO_FIELDS: FieldList = Object.freeze([]);
const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;
/** Names that passed the check before. Most applications use few; the limit is for one that generates names. */
const knownNames = new Set<string>();
const KNOWN_NAMES = 1_024;

/**
 * Turns header fields into a checked list.
 *
 * @throws {@link LocalProtocolError} for a name that is no token, a value with a control or non-latin1 character, or one that is
 * no text.
 */
export function fieldList(input: HeadersInput | undefined): FieldList {
  if (input === undefined) return NO_FIELDS;
  if (typeof input !== 'object' || input === null) throw notFields();
  const fields: string[] = [];
  if (Symbol.iterator in input) {
    for (const pair of input as Iterable<readonly [string, string]>) {
      if (!Array.isArray(pair)) throw notAPair();
      pushField(fields, pair[0], pair[1]);
    }
    return fields;
  }
  for (const name in input) {
    const value = (input as Record<string, string | number | readonly string[] | undefined>)[name];
    if (value === undefined) continue;
    if (typeof value === 'object' && value !== null && Symbol.iterator in value)
      for (const one of value) pushField(fields, name, one);
    else pushField(fields, name, value);
  }
  return fields;
}

function notFields(): LocalProtocolError {
  return new LocalProtocolError(
    'headers: expected a record, or pairs of a name and a value, got neither',
    'ERR_HTTP_HEADER_NAME',
  );
}

function notAPair(): LocalProtocolError {
  return new LocalProtocolError(
    'headers: expected a record, or pairs of a name and a value, got an iterable of something else',
    'ERR_HTTP_HEADER_NAME',
  );
}

function pushField(fields: string[], name: string, value: string | number): void {
  const text = typeof value === 'number' ? String(value) : value;
  checkName(name);
  if (typeof text !== 'string') throw noText(name, text);
  if (!VALUE.test(text)) {
    throw new LocalProtocolError(
      `header ${name}: expected a value of visible latin1 characters, spaces and tabs, got another character; encode it`,
      'ERR_HTTP_HEADER_VALUE',
    );
  }
  fields.push(name, text);
}

function noText(name: string, value: unknown): LocalProtocolError {
  const got = value === null ? 'null' : `a value of type ${typeof value}`;
  return new LocalProtocolError(
    `header ${name}: expected a string, a number or a list of strings, got ${got}`,
    'ERR_HTTP_HEADER_VALUE',
  );
}

function checkName(name: string): void {
  if (knownNames.has(name)) return;
  if (typeof name !== 'string' || !TOKEN.test(name)) {
    throw new LocalProtocolError(
      "expected a header name made of letters, digits and !#$%&'*+-.^_`|~, got another character",
      'ERR_HTTP_HEADER_NAME',
    );
  }
  if (knownNames.size < KNOWN_NAMES) knownNames.add(name);
}

/** Reports whether a text is a token (RFC 9110 section 5.6.2), as methods and field names are. */
export function isToken(text: string): boolean {
  return TOKEN.test(text);
}

/** Reports whether a text has only characters that a field value may have (RFC 9110 section 5.5). */
export function isFieldValue(text: string): boolean {
  return VALUE.test(text);
}

/** Reports whether a field of this lower-case name is in the list. */
export function hasField(fields: FieldList, lowerName: string): boolean {
  return fieldValue(fields, lowerName) !== undefined;
}

/** The first value of this lower-case name. */
export function fieldValue(fields: FieldList, lowerName: string): string | undefined {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    if (
      name.length === lowerName.length &&
      (name === lowerName || name.toLowerCase() === lowerName)
    ) {
      return fields[index + 1];
    }
  }
  return undefined;
}

/** RFC 9110 section 6.5.1: fields that are needed before the body, to frame it, to route it or to trust it. */
const NO_TRAILERS: ReadonlySet<string> = new Set([
  'authorization',
  'connection',
  'content-encoding',
  'content-length',
  'content-range',
  'content-type',
  'host',
  'keep-alive',
  'set-cookie',
  'te',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/** @throws {@link LocalProtocolError} for a field that may not be a trailer. */
export function checkTrailers(trailers: FieldList): void {
  for (let index = 0; index < trailers.length; index += 2) {
    const name = trailers[index] as string;
    if (!NO_TRAILERS.has(name.toLowerCase())) continue;
    throw new LocalProtocolError(
      `trailer ${name}: it has to come before the body; make it a header`,
      'ERR_HTTP_TRAILER',
    );
  }
}
