/**
 * Checks on what the application wants to send: start line, header fields, trailers.
 *
 * awaitio decides framing and persistence, and the encoder writes both once. So the application's fields about them are
 * read, checked against what is known, and taken out. And a value that the application forwards from elsewhere must not be
 * able to end the line it is in.
 */

import { LocalProtocolError } from '../vocabulary/errors.ts';
import { hasField, isFieldValue, isToken, type FieldList } from '../vocabulary/fields.ts';
import { elementsOf, trimBlanks } from '../vocabulary/lists.ts';

/** The fields to send, and what was taken out of them. */
export interface OutgoingFields {
  readonly fields: FieldList;
  /** The body's length, from the body or from `Content-Length`. */
  readonly length: number | undefined;
  /** `Connection: close` was among them. */
  readonly closes: boolean;
  /** `Connection: upgrade` was among them. */
  readonly upgrades: boolean;
  /** An `Upgrade` was among them. */
  readonly namesProtocol: boolean;
}

/**
 * Takes out `Content-Length` and the connection options. Most responses set none of these, and then nothing is copied.
 *
 * @throws {@link LocalProtocolError} for a Transfer-Encoding, and for a Content-Length that is no number or not the
 * body's.
 */
export function takeFramingFields(fields: FieldList, length: number | undefined): OutgoingFields {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    const size = name.length;
    if ((size === 10 || size === 14 || size === 17 || size === 7) && FRAMING.test(name)) {
      return readClosely(fields, length);
    }
  }
  return { fields, length, closes: false, upgrades: false, namesProtocol: false };
}

/**
 * As {@link takeFramingFields}, for a response. One with an `Upgrade`, such as a 426, gets the connection option that has to go
 * with it (RFC 9110 section 7.8); a fetch application cannot set it.
 */
export function takeResponseFields(fields: FieldList, length: number | undefined): OutgoingFields {
  const own = takeFramingFields(fields, length);
  if (!own.namesProtocol || own.upgrades) return own;
  return { ...own, fields: [...own.fields, 'Connection', 'Upgrade'] };
}

/** The names that are read. Every request of a client has `User-Agent`, which is as long as one of them. */
const FRAMING = /^(?:connection|content-length|transfer-encoding|upgrade)$/i;

/** Connection options that the encoder writes, and the empty element of a list with a comma too many. */
const OWN_OPTIONS: ReadonlySet<string> = new Set(['close', 'keep-alive', '']);

function readClosely(fields: FieldList, known: number | undefined): OutgoingFields {
  const kept: string[] = [];
  let length = known;
  let closes = false;
  let upgrades = false;
  let namesProtocol = false;
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    const value = fields[index + 1] as string;
    switch (name.toLowerCase()) {
      case 'transfer-encoding':
        throw new LocalProtocolError(
          'Transfer-Encoding is chosen by awaitio; leave it out, and give a body of unknown length to have it chunked',
          'ERR_HTTP_TRANSFER_ENCODING',
        );
      case 'content-length':
        length = checkedLength(value, length);
        break;
      case 'connection': {
        const options = elementsOf(value);
        closes ||= options.includes('close');
        upgrades ||= options.includes('upgrade');
        const others = options.filter((option) => !OWN_OPTIONS.has(option));
        if (others.length > 0) kept.push(name, others.join(', '));
        break;
      }
      case 'upgrade':
        namesProtocol = true;
        kept.push(name, value);
        break;
      default:
        kept.push(name, value);
    }
  }
  return { fields: kept, length, closes, upgrades, namesProtocol };
}

function checkedLength(value: string, length: number | undefined): number {
  const announced = /^\d{1,15}$/.test(value) ? Number(value) : -1;
  if (announced === -1 || (length !== undefined && announced !== length)) {
    throw new LocalProtocolError(
      `Content-Length: expected ${length === undefined ? 'a decimal number of bytes' : `${length}, the length of the body`}, got ${announced === -1 ? 'something else' : announced}`,
      'ERR_HTTP_CONTENT_LENGTH',
    );
  }
  return announced;
}

/** @throws {@link LocalProtocolError} for a status that is not final, or a reason that could end the line. */
export function checkStatusLine(status: number, reason: string | undefined): void {
  const isFinal = status === 101 || (status >= 200 && status <= 999);
  if (!Number.isInteger(status) || !isFinal) {
    throw new LocalProtocolError(
      `response: expected a status from 200 to 999, or 101, got ${String(status)}`,
      'ERR_HTTP_STATUS',
    );
  }
  if (reason !== undefined && !isFieldValue(reason)) {
    throw new LocalProtocolError(
      'response: expected a reason of visible latin1 characters, spaces and tabs, got another character',
      'ERR_HTTP_REASON',
    );
  }
}

/** @throws {@link LocalProtocolError} for a status that is not informational; 101 is a response. */
export function checkInformationalStatus(status: number): void {
  if (Number.isInteger(status) && status >= 100 && status <= 199 && status !== 101) return;
  throw new LocalProtocolError(
    `informational: expected a status from 100 to 199 other than 101, got ${String(status)}`,
    'ERR_HTTP_STATUS',
  );
}

/** Fields that say how a message is framed or what becomes of the connection: they belong to the final response. */
const FINAL_ONLY: ReadonlySet<string> = new Set([
  'connection',
  'content-length',
  'keep-alive',
  'trailer',
  'transfer-encoding',
  'upgrade',
]);

/**
 * RFC 9110 section 8.6 and RFC 9112 section 6.1: an informational response has no framing.
 *
 * @throws {@link LocalProtocolError} for a field that frames a body or the connection.
 */
export function checkInformationalFields(fields: FieldList): void {
  for (let index = 0; index < fields.length; index += 2) {
    const name = fields[index] as string;
    if (!FINAL_ONLY.has(name.toLowerCase())) continue;
    throw new LocalProtocolError(
      `informational: ${name} belongs to the final response; leave it out`,
      'ERR_HTTP_INFORMATIONAL_FIELD',
    );
  }
}

/**
 * The fields of a 101: what the application gave, with what RFC 9110 section 7.8 demands beside it.
 *
 * @param proposed - The request's `Upgrade`. Where it names one protocol, that is the one switched to by default.
 * @throws {@link LocalProtocolError} when the application has to choose one of several.
 */
export function switchFields(fields: FieldList, proposed: string | undefined): FieldList {
  const list = [...fields];
  if (!hasField(fields, 'upgrade')) {
    const protocol = trimBlanks(proposed ?? '');
    if (protocol === '' || protocol.includes(',')) {
      throw new LocalProtocolError(
        'status 101: expected an Upgrade field that names the protocol that follows, since the request proposes ' +
          'several or none; got no such field',
        'ERR_HTTP_UPGRADE',
      );
    }
    list.push('Upgrade', protocol);
  }
  if (!hasField(fields, 'connection')) list.push('Connection', 'Upgrade');
  return list;
}

const TARGET = /^[!-~]+$/;

/** @throws {@link LocalProtocolError} for a method that is no token, or a target that could end the line. */
export function checkRequestStart(method: string, target: string): void {
  if (!isToken(method)) {
    throw new LocalProtocolError(
      "request: expected a method made of letters, digits and !#$%&'*+-.^_`|~, got another character",
      'ERR_HTTP_METHOD',
    );
  }
  if (!TARGET.test(target)) {
    throw new LocalProtocolError(
      'request: expected a target of visible ASCII characters, got another character; encode it',
      'ERR_HTTP_TARGET',
    );
  }
}
