/** Fields as the panel takes them. */

import { fieldValue, type FieldList } from '../protocol/vocabulary/fields.ts';

/** What lets in. */
const CREDENTIALS = ['authorization', 'proxy-authorization', 'cookie', 'set-cookie'];

/** One value for each name; several are lines of it, as in Chrome. */
export function headersOf(fields: FieldList, credentials: boolean): Record<string, string> {
  const headers = new Map<string, string>();
  for (let at = 0; at < fields.length; at += 2) {
    const name = (fields[at] as string).toLowerCase();
    const isHidden = !credentials && CREDENTIALS.includes(name);
    const value = isHidden ? 'REDACTED' : (fields[at + 1] as string);
    const before = headers.get(name);
    headers.set(name, before === undefined ? value : `${before}\n${value}`);
  }
  return Object.fromEntries(headers);
}

/** The type and the character set of a body. */
export function typeOf(fields: FieldList): { readonly mimeType: string; readonly charset: string } {
  const [type = '', ...parameters] = (fieldValue(fields, 'content-type') ?? '').split(';');
  const charset = parameters.map((each) => /^\s*charset="?([^"\s]*)/i.exec(each)?.[1]);
  return { mimeType: type.trim(), charset: charset.find((each) => each !== undefined) ?? '' };
}
