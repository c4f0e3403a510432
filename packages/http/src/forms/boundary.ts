/** The boundary of a form, from the `Content-Type` of its message (RFC 2046 section 5.1.1). */

import { MultipartError } from './multipart-error.ts';
import { parseParameters, readEscaped } from './parameters.ts';

/** What a boundary is made of: `bchars`, and the rest of what a token is, which some clients send. No space at the end. */
const BOUNDARY = /^[!#$%&'()*+,\-./:=?^_`|~\dA-Za-z ]{0,69}[!#$%&'()*+,\-./:=?^_`|~\dA-Za-z]$/;

/** Which form a `Content-Type` announces: its media type without parameters, and its boundary. */
export type FormType =
  | { readonly type: 'multipart/form-data'; readonly boundary: string }
  | { readonly type: 'application/x-www-form-urlencoded' };

/**
 * Reads the `Content-Type` of a form.
 *
 * @param values - Every `Content-Type` field of the message.
 * @throws {@link MultipartError} 415 when it is no form, 400 without a usable boundary.
 */
export function formTypeOf(values: readonly string[]): FormType {
  const [value, ...others] = values;
  const parsed = value === undefined ? undefined : parseParameters(value, readEscaped);
  const type = parsed?.[0] ?? value?.split(';', 1)[0]?.trim().toLowerCase();
  if (others.length > 0)
    throw new MultipartError('ERR_FORM_TYPE', 'there are several Content-Types');
  if (type === 'application/x-www-form-urlencoded') return { type };
  if (type !== 'multipart/form-data') {
    throw new MultipartError('ERR_FORM_TYPE', 'the body is not a form');
  }
  const boundary = parsed?.[1].get('boundary');
  if (boundary !== undefined && BOUNDARY.test(boundary)) return { type, boundary };
  throw new MultipartError(
    'ERR_MULTIPART_BOUNDARY',
    'the Content-Type has no boundary of 1 to 70 characters, or malformed parameters',
  );
}
