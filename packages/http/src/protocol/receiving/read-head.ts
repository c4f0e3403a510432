/**
 * Heads from what the parser found: the text of a head, the positions of its fields, the facts of its start line.
 *
 * Nothing here decides where a message ends: llhttp alone does. These functions refuse what it lets through
 * (`request-rules.ts`), and read the few fields that the connection depends on.
 */

import { RemoteProtocolError } from '../vocabulary/errors.ts';
import { RequestHead, ResponseHead, type HttpVersion } from '../vocabulary/events.ts';
import { Headers, isName } from '../vocabulary/headers.ts';
import { elementsOf, trimBlanks } from '../vocabulary/lists.ts';
import type { ProtocolLimits } from '../vocabulary/limits.ts';
import { methodOf } from '../vocabulary/methods.ts';
import {
  bad,
  bodyTooLarge,
  checkHost,
  checkRequestLine,
  checkTarget,
  checkTransferEncoding,
  headTooLarge,
  isLastHost,
  parseContentLength,
  shortContentLength,
  type RequestLine,
} from './request-rules.ts';

/** What the parser read of a request line, besides positions: llhttp's number of the method, and the version. */
export interface ParsedLine {
  readonly method: number;
  /** `major * 10 + minor`. */
  readonly version: number;
}

/** @throws {@link RemoteProtocolError} for what RFC 9110 and RFC 9112 do not allow, or a limit. */
export function readRequestHead(
  line: RequestLine,
  spans: readonly number[],
  parser: ParsedLine,
  upgrade: boolean,
  keepAlive: boolean,
  limits: ProtocolLimits,
): RequestHead {
  const { text } = line;
  const method = methodOf(parser.method);
  if (method === undefined) throw bad('the method is not one of HTTP', 'METHOD');
  const version = checkRequestLine(line, method, parser, limits);
  if (spans.length > limits.headerCount * 4) throw headTooLarge(limits);
  const target = text.slice(line.targetStart, line.targetEnd);
  checkTarget(method, target);
  const special = readSpecial(text, spans);
  if (special.hosts !== 1 || !isSameHost(text, spans, special.host)) {
    checkHost(
      special.hosts === 0 ? undefined : valueAt(text, spans, special.host),
      special.hosts,
      version,
    );
  }
  const contentLength = bodyLength(text, spans, special, version);
  if (contentLength !== undefined && contentLength > limits.bodyBytes) throw bodyTooLarge(limits);
  if (special.hasUnknownExpectation) {
    throw new RemoteProtocolError(
      'the only expectation met here is 100-continue',
      'ERR_HTTP_EXPECT',
      417,
    );
  }
  const isConnect = method === 'CONNECT';
  if (isConnect && contentLength !== 0) {
    // RFC 9110 section 9.3.6: what follows belongs to the tunnel, and a length would claim it for a body too.
    throw bad('CONNECT has no body', 'CONTENT_LENGTH');
  }
  const headers = new Headers(text, spans);
  return new RequestHead(
    method,
    target,
    version,
    headers,
    contentLength,
    (keepAlive && version === '1.1') || persists(headers, version),
    special.expectsContinue && version === '1.1',
    isConnect || (upgrade && contentLength === 0 && asksToUpgrade(headers, version)),
  );
}

/** The facts of a request that the reading of its response depends on. */
export interface ResponseContext {
  /** The method of the request that is out; `undefined` when none is. */
  readonly expectedMethod: string | undefined;
  /** Whether that request proposes another protocol. */
  readonly isSwitchProposed: boolean;
}

/** @throws {@link RemoteProtocolError} as {@link readRequestHead}. */
export function readResponseHead(
  text: string,
  start: number,
  spans: readonly number[],
  status: number,
  keepAlive: boolean,
  context: ResponseContext,
  limits: ProtocolLimits,
): ResponseHead {
  const method = context.expectedMethod;
  const line = statusLineAt(text, start);
  if (line === null) throw bad('the status line is not `version SP status SP reason`', 'LINE');
  if (spans.length > limits.headerCount * 4) throw headTooLarge(limits);
  const version = line[1] === '1' ? '1.1' : '1.0';
  const isSwitch = status === 101 || (method === 'CONNECT' && status >= 200 && status < 300);
  if (isSwitch && !context.isSwitchProposed) {
    throw bad('the response switches protocols, which the request did not ask for', 'SWITCH');
  }
  const isBodiless =
    isSwitch || status < 200 || status === 204 || status === 304 || method === 'HEAD';
  const contentLength = isBodiless ? 0 : responseLength(text, spans, version);
  if (contentLength !== undefined && contentLength > limits.bodyBytes) throw bodyTooLarge(limits);
  const headers = new Headers(text, spans);
  return new ResponseHead(
    status,
    trimBlanks(line[2] ?? ''),
    version,
    headers,
    contentLength,
    // The parser does not know that a response to HEAD has no body, and expects the end of the connection.
    isBodiless
      ? persists(headers, version)
      : keepAlive && (version === '1.1' || persists(headers, version)),
    isSwitch,
  );
}

/** How long the start line of a response without fields is, its line end not counted; 0 when it is none. */
export function statusLineLength(text: string, start: number): number {
  return statusLineAt(text, start)?.[0].length ?? 0;
}

function statusLineAt(text: string, start: number): RegExpExecArray | null {
  STATUS_LINE.lastIndex = start;
  return STATUS_LINE.exec(text);
}

const STATUS_LINE = /HTTP\/1\.([01]) [1-9]\d\d(?: ([\t\x20-\x7e\x80-\xff]*))?(?=\r\n)/y;

/** The fields that framing and the connection depend on; of some, where in the spans they are, or -1. */
interface Special {
  host: number;
  hosts: number;
  contentLength: number;
  transferEncoding: string | undefined;
  expectsContinue: boolean;
  hasUnknownExpectation: boolean;
}

/** Compares the length of a name first: most fields are dismissed without looking at a character. */
function readSpecial(text: string, spans: readonly number[]): Special {
  const special: Special = {
    host: -1,
    hosts: 0,
    contentLength: -1,
    transferEncoding: undefined,
    expectsContinue: false,
    hasUnknownExpectation: false,
  };
  for (let at = 0; at < spans.length; at += 4) {
    const start = spans[at] as number;
    switch ((spans[at + 1] as number) - start) {
      case 4:
        if (!isName(text, start, 'host')) break;
        special.host = at;
        special.hosts += 1;
        break;
      case 6: {
        if (!isName(text, start, 'expect')) break;
        // A list (RFC 9110 section 10.1.1), whose empty elements mean nothing.
        for (const expectation of elementsOf(valueAt(text, spans, at))) {
          special.expectsContinue ||= expectation === '100-continue';
          special.hasUnknownExpectation ||= expectation !== '100-continue' && expectation !== '';
        }
        break;
      }
      case 14:
        if (isName(text, start, 'content-length')) special.contentLength = at;
        break;
      case 17: {
        if (!isName(text, start, 'transfer-encoding')) break;
        const value = valueAt(text, spans, at);
        special.transferEncoding =
          special.transferEncoding === undefined ? value : `${special.transferEncoding},${value}`;
        break;
      }
    }
  }
  return special;
}

function valueAt(text: string, spans: readonly number[], at: number): string {
  return text.slice(spans[at + 2], spans[at + 3]);
}

function isSameHost(text: string, spans: readonly number[], at: number): boolean {
  return isLastHost(text, spans[at + 2] as number, spans[at + 3] as number);
}

/** How long a request's body is: RFC 9112 section 6.3; `undefined` for a chunked one. */
function bodyLength(
  text: string,
  spans: readonly number[],
  special: Special,
  version: HttpVersion,
): number | undefined {
  if (special.transferEncoding !== undefined) {
    checkTransferEncoding(special.transferEncoding, version);
    return undefined;
  }
  const at = special.contentLength;
  if (at === -1) return 0;
  const length = shortContentLength(text, spans[at + 2] as number, spans[at + 3] as number);
  return length === -1 ? parseContentLength(valueAt(text, spans, at)) : length;
}

/** How long a response's body is; `undefined` for a chunked one, and for one that ends with the connection. */
function responseLength(
  text: string,
  spans: readonly number[],
  version: HttpVersion,
): number | undefined {
  const special = readSpecial(text, spans);
  const isFramed = special.transferEncoding !== undefined || special.contentLength !== -1;
  return isFramed ? bodyLength(text, spans, special, version) : undefined;
}

/** Whether a request proposes another protocol: RFC 9110 section 7.8, which HTTP/1.0 cannot. */
function asksToUpgrade(headers: Headers, version: HttpVersion): boolean {
  return version === '1.1' && connectionOptions(headers).includes('upgrade');
}

/**
 * Whether a message keeps the connection alive: RFC 9112 section 9.3, steps 1 to 4. The parser decides it too, but prefers
 * keep-alive to close in HTTP/1.0, and reads `Proxy-Connection` as `Connection`.
 */
function persists(headers: Headers, version: HttpVersion): boolean {
  const options = connectionOptions(headers);
  return !options.includes('close') && (version === '1.1' || options.includes('keep-alive'));
}

function connectionOptions(headers: Headers): string[] {
  return elementsOf(headers.get('connection') ?? '');
}
