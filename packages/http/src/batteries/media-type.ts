/** The media type of a file by its name; the table is mrmime's, from the registries of IANA, Apache and nginx. */

import { lookup } from 'mrmime';

/** Types of text that are not `text/…`. */
const TEXT =
  /^(?:text\/|application\/(?:javascript|json|manifest\+json|xml|xhtml\+xml)$|image\/svg\+xml$)/;

/** The type, with its charset where it is text; `application/octet-stream` for names without a known ending. */
export function mediaTypeOf(name: string): string {
  const type = lookup(name) ?? 'application/octet-stream';
  return TEXT.test(type) ? `${type}; charset=utf-8` : type;
}
