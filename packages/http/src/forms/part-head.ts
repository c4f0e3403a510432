/**
 * The head of a part: its header section, and what the form's fields say in it (RFC 7578 section 4).
 *
 * A name is read as browsers write it (HTML standard, "multipart/form-data encoding algorithm"): UTF-8, with `%0D`, `%0A` and
 * `%22` for the characters that would end it, and every other percent sign as it is.
 */

import { Headers } from '../protocol/vocabulary/headers.ts';
import { isToken } from '../protocol/vocabulary/fields.ts';
import { trimBlanks } from '../protocol/vocabulary/lists.ts';
import { MultipartError, tooMuch } from './multipart-error.ts';
import type { MultipartLimits } from './multipart-limits.ts';
import { parseParameters, readToQuote } from './parameters.ts';

/** What a part says of itself. */
export interface PartHead {
  readonly name: string;
  /** The last segment of a file's name; `undefined` for a field that is no file. */
  readonly filename: string | undefined;
  readonly contentType: string;
  readonly headers: Headers;
}

const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/**
 * Reads a header section.
 *
 * @param section - Its lines, each with its CRLF, without the empty line at the end.
 * @throws {@link MultipartError}
 */
export function parsePartHead(section: Uint8Array, limits: MultipartLimits): PartHead {
  const headers = parseHeaders(utf8.decode(section));
  const [disposition, ...others] = headers.getAll('content-disposition');
  const parsed =
    disposition === undefined || others.length > 0
      ? undefined
      : parseParameters(disposition, readToQuote);
  if (parsed === undefined) {
    throw badDisposition('a part has to have one Content-Disposition, with well-formed parameters');
  }
  const [type, parameters] = parsed;
  if (type !== 'form-data') throw badDisposition('a part is no `form-data`');
  const name = parameters.get('name');
  if (name === undefined) throw badDisposition('a part has no name');
  const filename = parameters.get('filename');
  // RFC 7578 section 4.2 forbids it. Beside `filename` it is ignored; alone, a file would be taken for a field.
  if (filename === undefined && parameters.has('filename*')) {
    throw badDisposition('a part has `filename*`, which forms must not use, and no `filename`');
  }
  for (const each of [name, filename ?? '']) {
    if (Buffer.byteLength(each) > limits.nameBytes) {
      throw tooMuch('a name of a part has more bytes', 'nameBytes', limits.nameBytes);
    }
  }
  checkEncoding(headers);
  return {
    name: decodeName(name),
    filename: filename === undefined ? undefined : lastSegment(decodeName(filename)),
    contentType: contentTypeOf(headers),
    headers,
  };
}

function badDisposition(detail: string): MultipartError {
  return new MultipartError('ERR_MULTIPART_DISPOSITION', detail);
}

function parseHeaders(text: string): Headers {
  const spans: number[] = [];
  for (let start = 0; start < text.length;) {
    const end = text.indexOf('\r\n', start);
    const colon = text.indexOf(':', start);
    const isField = colon !== -1 && colon < end && isToken(text.slice(start, colon));
    const value = isField ? text.slice(colon + 1, end) : '';
    // oxlint-disable-next-line no-control-regex -- they are what is refused
    if (!isField || /[\0-\x08\x0a-\x1f\x7f]/.test(value)) {
      throw new MultipartError(
        'ERR_MULTIPART_HEADERS',
        "a line of a part's header section is no field, or has a control character",
      );
    }
    const trimmed = trimBlanks(value);
    const from = colon + 1 + value.indexOf(trimmed);
    spans.push(start, colon, from, from + trimmed.length);
    start = end + 2;
  }
  return new Headers(text, spans);
}

/** RFC 7578 section 4.7: senders must not use one. What only names the absence of an encoding is harmless. */
function checkEncoding(headers: Headers): void {
  const encoding = headers.get('content-transfer-encoding');
  if (encoding === null || /^(?:7bit|8bit|binary)$/i.test(encoding)) return;
  throw new MultipartError(
    'ERR_MULTIPART_ENCODING',
    'a part has a Content-Transfer-Encoding, which forms must not use',
  );
}

function contentTypeOf(headers: Headers): string {
  const [type = 'text/plain', ...others] = headers.getAll('content-type');
  if (others.length === 0) return type;
  throw new MultipartError('ERR_MULTIPART_HEADERS', 'a part has more than one Content-Type');
}

const ENCODED: Readonly<Record<string, string>> = { '0D': '\r', '0A': '\n', '22': '"' };

function decodeName(name: string): string {
  return name.replace(/%(0D|0A|22)/gi, (_, code: string) => ENCODED[code.toUpperCase()] as string);
}

/** A path in it, or dots alone, lead out of the folder in which a program stores the file (RFC 7578 section 4.2). */
function lastSegment(filename: string): string {
  const segment = filename.slice(
    Math.max(filename.lastIndexOf('/'), filename.lastIndexOf('\\')) + 1,
  );
  return segment === '.' || segment === '..' ? '' : segment;
}
