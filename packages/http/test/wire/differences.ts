/**
 * Where this server and node:http answer the same bytes in two ways, and why.
 *
 * differential.test.ts asks both about every request of the wire table: what they disagree on must stand here, and
 * nothing else. docs/supported-http.md has it with both answers, as scripts/supported-http.mjs writes it.
 */

export interface Difference {
  readonly title: string;
  readonly why: string;
  /** Names of rows of the wire table. */
  readonly cases: readonly string[];
}

export const DIFFERENCES: readonly Difference[] = [
  {
    title: 'Host',
    why: 'RFC 9112 section 3.2 asks for one Host, and a valid one. node:http asks for one at least and takes the first. Where a cache or a router in front takes another one, clients can receive each other’s responses.',
    cases: [
      'two Hosts',
      'the same Host twice',
      'two Hosts in HTTP/1.0',
      'an empty Host',
      'a Host of white space',
      'a Host with a space',
      'a Host with a user',
      'a Host with a path',
      'a list of Hosts',
      'a Host with a port that is no number',
      'a Host with two ports',
      'a Host that is only a port',
      'a Host with a broken percent-encoding',
      'a Host with an open bracket',
      'a Host with a byte that is not ASCII',
    ],
  },
  {
    title: 'The request line',
    why: 'RFC 9112 section 3 has one space between its three parts; a parser that splits at every space reads another target. The forms of a target are those of section 3.2, each for its methods; a fragment is never sent, and userinfo in an authority is refused because it is used to disguise the host (RFC 9110 section 4.2.4).',
    cases: [
      'two spaces after the method',
      'two spaces before the version',
      'GET with an asterisk',
      'a target with a scheme and no authority',
      'a target with a user in its authority',
      'a target with a fragment',
    ],
  },
  {
    title: 'Versions',
    why: 'The parser lets through lines without a version (llhttp issue 877), lines of other protocols, and two versions that are not HTTP/1. node:http answers them as if they were; here they are refused. Where both refuse a version, 505 says that it was the version.',
    cases: [
      'no version (HTTP/0.9)',
      'no version and no fields',
      'no version, and a bare LF',
      'HTTP/0.9',
      'HTTP/2.0',
      'HTTP/3.0',
      'HTTP/1.2',
      'the preface of HTTP/2',
      'a method of RTSP',
      'a version of RTSP',
      'a version of ICE',
    ],
  },
  {
    title: 'Before the request line',
    why: 'RFC 9112 section 2.2 lets a server skip an empty line that a client sent too much. A bare CR or LF is no line end, and skipping without end is work for nothing.',
    cases: [
      'more empty lines than the limit allows',
      'a bare LF before the request',
      'a bare CR before the request',
    ],
  },
  {
    title: 'White space around values',
    why: 'RFC 9110 section 5.6.3 counts tabs as white space. The parser does not everywhere, so node:http refuses what every other server takes.',
    cases: ['spaces and tabs around a Content-Length', 'chunked in capitals, with tabs around it'],
  },
  {
    title: 'Content-Length and Transfer-Encoding',
    why: 'What can be read in two ways is refused: a number with leading zeros is octal to some, and a Transfer-Encoding that is empty, or has a coding that is not implemented here, leaves open where the body ends (RFC 9112 section 6.3). HTTP/1.0 does not define the field, and section 6.1 says to treat the framing of such a message as faulty.',
    cases: [
      'a Content-Length padded with zeros',
      'a coding before chunked, unknown here',
      'a coding before chunked, in a separate line',
      'an empty Transfer-Encoding',
      'an empty Transfer-Encoding before a full one',
      'an empty element before chunked',
      'Transfer-Encoding in HTTP/1.0',
      'Transfer-Encoding in a persistent HTTP/1.0',
    ],
  },
  {
    title: 'What follows a good request',
    why: 'A good request has its good answer, whatever follows. node:http drops the answer that is on its way when the next bytes are malformed, or when any come after `Connection: close` (RFC 9112 section 9.6: they are ignored).',
    cases: [
      'bytes after Connection: close are ignored',
      'a good request followed by garbage',
      'a good body followed by garbage',
    ],
  },
  {
    title: 'Expectations',
    why: 'RFC 9110 section 10.1.1: an expectation that cannot be met is answered with 417, also when another one could be.',
    cases: ['another expectation beside 100-continue'],
  },
  {
    title: 'CONNECT and Upgrade',
    why: 'CONNECT names a host and a port and has no body (RFC 9110 section 9.3.6); anything else is refused before the handler is called. A switch that is not granted leaves the connection in HTTP, so what follows is the next request; node:http gives the connection away with the first byte.',
    cases: [
      'CONNECT that is granted',
      'CONNECT that is not granted',
      'CONNECT that is granted, behind another request',
      'CONNECT that is not granted, behind and before another request',
      'CONNECT with a body',
      'CONNECT with chunks',
      'CONNECT without a port',
      'CONNECT with a path',
      'CONNECT with a user',
      'Upgrade that is granted',
      'Upgrade that is ignored',
    ],
  },
];

/** What the two servers answered to a row. */
export interface Outcome {
  readonly rfc: string;
  readonly name: string;
  readonly awaitio: string;
  readonly node: string;
}

/** The section of docs/supported-http.md, from what was answered. */
export function drawDifferences(outcomes: readonly Outcome[]): string {
  const byName = new Map(outcomes.map((outcome) => [outcome.name, outcome]));
  return DIFFERENCES.map(({ title, why, cases }) => {
    const rows = cases.map((name) => {
      const { rfc = '', awaitio = '', node = '' } = byName.get(name) ?? {};
      return [rfc, name, code(awaitio), code(node)];
    });
    const table = drawTable(['RFC', 'bytes', 'awaitio', 'node:http'], rows);
    return `### ${title}\n\n${why}\n\n${table}`;
  }).join('\n\n');
}

const code = (text: string): string => `\`${text}\``;

/** A table with columns as wide as the formatter of the repository makes them. */
export function drawTable(head: readonly string[], rows: readonly (readonly string[])[]): string {
  const widths = head.map((cell, at) =>
    Math.max(cell.length, 3, ...rows.map((row) => row.at(at)?.length ?? 0)),
  );
  const line = (row: readonly string[]): string =>
    `| ${row.map((cell, at) => cell.padEnd(widths.at(at) ?? 0)).join(' | ')} |`;
  return [line(head), line(widths.map((width) => '-'.repeat(width))), ...rows.map(line)].join('\n');
}
