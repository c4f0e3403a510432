/** The header fields of a response whose body may be coded: what forbids a coding, and what a coding changes. */

import { fieldValue, hasField, type FieldList } from '../../protocol/vocabulary/fields.ts';
import { entityTags, isSameStrongly } from '../selection/entity-tag.ts';

const NO_TRANSFORM = /(?:^|,)[\t ]*no-transform[\t ]*(?:,|$)/i;
const ACCEPT_ENCODING = /(?:^|,)[\t ]*(?:accept-encoding|\*)[\t ]*(?:,|$)/i;

/** Fields that are about the very bytes of a body (RFC 9530, and what was before it). */
const DIGESTS = ['content-digest', 'repr-digest', 'digest', 'content-md5'];

/**
 * Whether the fields forbid a coding: the body has one, must not be transformed (RFC 9110 section 7.7), or its bytes are
 * vouched for.
 */
export function forbidsCoding(fields: FieldList): boolean {
  return (
    hasField(fields, 'content-encoding') ||
    valuesOf(fields, 'cache-control').some((value) => NO_TRANSFORM.test(value)) ||
    DIGESTS.some((name) => hasField(fields, name))
  );
}

/** The fields of a response that a request with another `Accept-Encoding` could have got in another coding. */
export function withVary(fields: FieldList): FieldList {
  const values = valuesOf(fields, 'vary');
  if (values.some((value) => ACCEPT_ENCODING.test(value))) return fields;
  if (values.length === 0) return [...fields, 'Vary', 'Accept-Encoding'];
  let isDone = false;
  return mapFields(fields, (name, value) => {
    if (isDone || name !== 'vary') return value;
    isDone = true;
    return value.trim() === '' ? 'Accept-Encoding' : `${value}, Accept-Encoding`;
  });
}

/**
 * The fields of a coded body. Its bytes are others: it has another length, which is not known here; its entity tag is
 * weak, since it stands for the same content in other bytes (RFC 9110 section 8.8.3.3); and it has no ranges.
 */
export function codedFields(fields: FieldList, coding: string): FieldList {
  const changed = mapFields(withVary(fields), (name, value) => {
    if (name === 'content-length' || name === 'accept-ranges') return undefined;
    return name === 'etag' ? weak(value) : value;
  });
  return [...changed, 'Content-Encoding', coding];
}

/**
 * The fields of a 304: those of the 200 that the client has, so its tag is weak where that of the client is.
 *
 * @param ifNoneMatch - The field of the request.
 */
export function revalidatedFields(fields: FieldList, ifNoneMatch: string | null): FieldList {
  const tag = fieldValue(fields, 'etag');
  const tags = ifNoneMatch === null ? undefined : entityTags(ifNoneMatch);
  const varied = withVary(fields);
  if (tag === undefined || !Array.isArray(tags)) return varied;
  if (tags.some((one) => isSameStrongly(one, tag)) || !tags.includes(weak(tag))) return varied;
  return mapFields(varied, (name, value) => (name === 'etag' ? weak(value) : value));
}

function weak(tag: string): string {
  return tag.startsWith('"') ? `W/${tag}` : tag;
}

function valuesOf(fields: FieldList, lowerName: string): string[] {
  return fields.filter((_, at) => at % 2 === 1 && fields[at - 1]?.toLowerCase() === lowerName);
}

/** The list with other values; without the fields for which there is none. */
function mapFields(
  fields: FieldList,
  change: (lowerName: string, value: string) => string | undefined,
): FieldList {
  const changed: string[] = [];
  for (let at = 0; at < fields.length; at += 2) {
    const name = fields[at] as string;
    const value = change(name.toLowerCase(), fields[at + 1] as string);
    if (value !== undefined) changed.push(name, value);
  }
  return changed;
}
