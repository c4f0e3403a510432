/** Which rule each refusal is about, and where it is written. */

/** A rule that a message can break. */
export interface Rule {
  readonly rule: string;
  /** Empty for a limit of the server. */
  readonly section: string;
}

const rule = (text: string, section = ''): Rule => ({ rule: text, section });

const RULES: ReadonlyMap<string, Rule> = new Map([
  ['ERR_HTTP_LINE', rule('a request line is "method SP target SP version"', 'RFC 9112 section 3')],
  ['ERR_HTTP_VERSION', rule('the version is HTTP/1.0 or HTTP/1.1', 'RFC 9112 section 2.3')],
  ['ERR_HTTP_METHOD', rule('the method is a registered one', 'RFC 9110 section 9.1')],
  [
    'ERR_HTTP_TARGET',
    rule('the target has the form that goes with its method', 'RFC 9112 section 3.2'),
  ],
  ['ERR_HTTP_TARGET_TOO_LONG', rule('the target is within limits.targetBytes')],
  [
    'ERR_HTTP_HOST',
    rule('a request has exactly one Host, and a valid one', 'RFC 9112 section 3.2'),
  ],
  [
    'ERR_HTTP_HEADERS_TOO_LARGE',
    rule('the head is within limits.headerBytes and limits.headerCount'),
  ],
  [
    'ERR_HTTP_CONTENT_LENGTH',
    rule(
      'Content-Length is one plain number, without Transfer-Encoding beside it',
      'RFC 9112 section 6.3',
    ),
  ],
  [
    'ERR_HTTP_TRANSFER_ENCODING',
    rule(
      'Transfer-Encoding is chunked, once, in HTTP/1.1, without Content-Length beside it',
      'RFC 9112 section 6.1',
    ),
  ],
  ['ERR_HTTP_CHUNK', rule('the size of a chunk is a hexadecimal number', 'RFC 9112 section 7.1')],
  ['ERR_HTTP_CHUNK_OVERHEAD', rule('chunks have more data than framing', 'RFC 9112 section 7.1.1')],
  ['ERR_HTTP_TRAILERS_TOO_LARGE', rule('the trailers are within limits.trailerBytes')],
  ['ERR_HTTP_EXPECT', rule('the only expectation is 100-continue', 'RFC 9110 section 10.1.1')],
  ['ERR_HTTP_BODY_TOO_LARGE', rule('the body is within limits.bodyBytes')],
  [
    'ERR_HTTP_MALFORMED',
    rule('a message follows the grammar of HTTP/1.1', 'RFC 9112 sections 2 to 7'),
  ],
  [
    'ERR_HTTP_TRUNCATED',
    rule('a message is complete before its connection or its time ends', 'RFC 9112 section 8'),
  ],
  ['ERR_HTTP_OVERLOADED', rule('there are at most maxConcurrentRequests at a time')],
  [
    'ERR_PROXY_HEADER',
    rule('a trusted proxy begins with its header', 'PROXY protocol, sections 2.1 and 2.2'),
  ],
]);

const OTHER = rule('the connection was ended before its first request');

/** The rule behind the code of a refusal. */
export function ruleOf(cause: string): Rule {
  return RULES.get(cause) ?? OTHER;
}
