/**
 * Rules for a request's head beyond the parser's grammar.
 *
 * llhttp decides where a message ends; these rules only ever refuse. They exist because llhttp lets through what RFC 9112
 * does not: two spaces in a request line, a request without a version (llhttp issue 877), `GET *`,
 * an empty `Transfer-Encoding`; and because Host is checked above it. Each rule names its section.
 */

import { RemoteProtocolError } from '../vocabulary/errors.ts';
import type { HttpVersion } from '../vocabulary/events.ts';
import { elementsOf } from '../vocabulary/lists.ts';
import type { ProtocolLimits } from '../vocabulary/limits.ts';

/** A request line in a text, as far as the parser knows it. */
export interface RequestLine {
  readonly text: string;
  /** Where the method begins, and where the target begins and ends. */
  readonly start: number;
  readonly targetStart: number;
  readonly targetEnd: number;
}

/**
 * Checks a request line.
 *
 * RFC 9112 section 3: method SP request-target SP HTTP-version CRLF, with one space each.
 *
 * @param parser - Gives the version that it read, `major * 10 + minor`, when the line has neither 1.1 nor 1.0.
 */
export function checkRequestLine(
  { text, start, targetStart, targetEnd }: RequestLine,
  method: string,
  parser: { readonly version: number },
  limits: ProtocolLimits,
): HttpVersion {
  if (targetEnd - targetStart > limits.targetBytes) throw targetTooLong(limits);
  const end = start + method.length;
  // The parser accepts a tab here: it reads a copy with spaces in place of tabs.
  if (targetStart !== end + 1 || text.charCodeAt(end) !== SPACE) throw badLine();
  // The target must end where the version begins, one space on.
  if (text.startsWith(END_OF_1_1, targetEnd)) return '1.1';
  if (text.startsWith(END_OF_1_0, targetEnd)) return '1.0';
  throw badVersion(parser.version);
}

function badVersion(version: number): RemoteProtocolError {
  // Section 2.3 of RFC 9112; a request without a version is HTTP/0.9, which is not supported.
  if (version === 9) return bad('the request line has no version', 'LINE');
  if (version === 10 || version === 11) return badLine();
  const message = 'only HTTP/1.0 and HTTP/1.1 are spoken here';
  return new RemoteProtocolError(message, 'ERR_HTTP_VERSION', 505);
}

const SPACE = 32;
const END_OF_1_1 = ' HTTP/1.1\r\n';
const END_OF_1_0 = ' HTTP/1.0\r\n';

function badLine(): RemoteProtocolError {
  return bad('the request line is not `method SP target SP version`', 'LINE');
}

const AUTHORITY_FORM = /^(?:[A-Za-z0-9\-._~%!$&'()*+,;=]+|\[[0-9A-Fa-f:.]+\]):\d{1,5}$/;
const ABSOLUTE_FORM = /^[A-Za-z][A-Za-z0-9+\-.]*:\/\/([^/?#]+)/;

/** RFC 9112 section 3.2: which form of target goes with which method. */
export function checkTarget(method: string, target: string): void {
  if (method === 'CONNECT') {
    if (!AUTHORITY_FORM.test(target)) throw bad('CONNECT takes a target `host:port`', 'TARGET');
    return;
  }
  const isFine =
    target.charCodeAt(0) === SLASH || (target === '*' ? method === 'OPTIONS' : isAbsolute(target));
  if (!isFine || target.includes('#'))
    throw bad('the request target is in no form RFC 9112 knows', 'TARGET');
}

const SLASH = 47;

/** Section 3.2.2, without user information in the authority (RFC 9110 section 4.2.4: it is used to deceive). */
function isAbsolute(target: string): boolean {
  const match = ABSOLUTE_FORM.exec(target);
  return match !== null && HOST.test(match[1] as string);
}

/**
 * uri-host [ ":" port ] (RFC 3986 section 3.2.2). Never empty, and without the comma that a registered name may have: a
 * recipient that joins repeated fields reads it as two hosts.
 */
const HOST =
  /^(?:(?:[A-Za-z0-9\-._~!$&'()*+;=]|%[0-9A-Fa-f]{2})+|\[[0-9A-Fa-f:.]+\])(?::\d{0,5})?$/;

/** RFC 9112 section 3.2: a 1.1 request has exactly one Host, and a valid one. */
export function checkHost(host: string | undefined, count: number, version: HttpVersion): void {
  if (count === 0) {
    if (version === '1.1') throw bad('an HTTP/1.1 request needs a Host header', 'HOST');
    return;
  }
  if (count > 1) throw bad('there is more than one Host header', 'HOST');
  if (!HOST.test(host as string)) throw bad('the Host header is not a host and port', 'HOST');
  lastHost = host as string;
}

/** Whether part of a text is the last host that was found valid: most requests to a process name the same one. */
export function isLastHost(text: string, start: number, end: number): boolean {
  return end - start === lastHost.length && text.startsWith(lastHost, start);
}

let lastHost = 'localhost';

/** RFC 9110 section 8.6, without leading zeros, and within what JavaScript can count. */
export function parseContentLength(value: string): number {
  const length = Number(value);
  // Only a plain decimal number prints as it was written; `abs` makes one with a sign differ.
  if (String(Math.abs(length)) !== value || !Number.isSafeInteger(length)) {
    throw bad('Content-Length is not a plain decimal number', 'CONTENT_LENGTH');
  }
  return length;
}

/** The same for a part of a text that is a short number, as nearly all are; -1 when it is something else. */
export function shortContentLength(text: string, start: number, end: number): number {
  const first = text.charCodeAt(start) - DIGIT_0;
  if (start >= end || end - start > 15 || (first === 0 && end - start > 1)) return -1;
  let length = 0;
  for (let at = start; at < end; at += 1) {
    const digit = text.charCodeAt(at) - DIGIT_0;
    if (!(digit >= 0 && digit <= 9)) return -1;
    length = length * 10 + digit;
  }
  return length;
}

const DIGIT_0 = 48;

/** RFC 9112 section 6.1: `chunked`, once and alone, and not in HTTP/1.0. */
export function checkTransferEncoding(value: string, version: HttpVersion): void {
  if (version === '1.0')
    throw bad('Transfer-Encoding has no place in HTTP/1.0', 'TRANSFER_ENCODING');
  if (value.toLowerCase() === 'chunked') return;
  const [last, ...others] = elementsOf(value).toReversed();
  if (last !== 'chunked' || others.includes('chunked') || others.includes('')) {
    throw bad('Transfer-Encoding does not end with chunked, once', 'TRANSFER_ENCODING');
  }
  throw new RemoteProtocolError(
    'the only transfer coding spoken here is chunked',
    'ERR_HTTP_TRANSFER_ENCODING',
    501,
  );
}

export function targetTooLong(limits: ProtocolLimits): RemoteProtocolError {
  return new RemoteProtocolError(
    `the request target is longer than ${limits.targetBytes} bytes`,
    'ERR_HTTP_TARGET_TOO_LONG',
    414,
  );
}

export function headTooLarge(limits: ProtocolLimits): RemoteProtocolError {
  return new RemoteProtocolError(
    `the head is larger than ${limits.headerBytes} bytes or ${limits.headerCount} fields`,
    'ERR_HTTP_HEADERS_TOO_LARGE',
    431,
  );
}

export function trailersTooLarge(limits: ProtocolLimits): RemoteProtocolError {
  return new RemoteProtocolError(
    `the trailer section is larger than ${limits.trailerBytes} bytes`,
    'ERR_HTTP_TRAILERS_TOO_LARGE',
    431,
  );
}

export function bodyTooLarge(limits: ProtocolLimits): RemoteProtocolError {
  return new RemoteProtocolError(
    `the body is larger than ${limits.bodyBytes} bytes`,
    'ERR_HTTP_BODY_TOO_LARGE',
    413,
  );
}

export function bad(message: string, name: string): RemoteProtocolError {
  return new RemoteProtocolError(message, `ERR_HTTP_${name}`);
}
