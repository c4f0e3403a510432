/** What a client adds to each request: its base URL, header fields and credentials. */

import { invalidInput } from '@awaitio/core/lowlevel';
import { ACCEPTED_CODINGS } from './content/content-coding.ts';
import type { HttpClientOptions } from './options.ts';
import type { RequestOptions } from './request-options.ts';
import { authorizationOf } from './routes/credentials.ts';
import { encodeEntries } from './routes/query.ts';
import { parseTarget, resolveTarget, withQuery, type Target } from './routes/target.ts';
import { fieldList, fieldValue, hasField, type FieldList } from '../protocol/vocabulary/fields.ts';

const USER_AGENT = 'awaitio';

export class RequestDefaults {
  readonly #base: Target | undefined;
  readonly #fields: FieldList;
  /** Whether `Accept-Encoding` is among them by itself. */
  readonly #addsCodings: boolean;
  /** With the client's credentials, if it has any. */
  readonly #authorized: FieldList;
  /** The fields of the last request that had none but these, and its host: most requests of a client are alike. */
  #last:
    | { readonly host: string; readonly from: FieldList; readonly fields: FieldList }
    | undefined;

  /** @throws `InvalidInputError`, `LocalProtocolError` for a field that must not be sent */
  constructor(options: HttpClientOptions) {
    const { baseUrl, auth, userAgent = USER_AGENT } = options;
    this.#base = baseUrl === undefined ? undefined : parseTarget(baseUrl);
    const fields = [...fieldList(options.headers)];
    if (userAgent !== false && !hasField(fields, 'user-agent')) {
      fields.push(...fieldList([['User-Agent', userAgent]]));
    }
    const codings = options.decompress === false || hasField(fields, 'accept-encoding');
    if (!codings) fields.push('Accept-Encoding', ACCEPTED_CODINGS);
    this.#addsCodings = !codings;
    this.#fields = Object.freeze(fields);
    const authorization =
      auth === undefined ? this.#base?.authorization : authorizationOf('HttpClient', auth);
    this.#authorized =
      authorization === undefined || hasField(fields, 'authorization')
        ? this.#fields
        : Object.freeze([...fields, 'Authorization', authorization]);
  }

  /** The target of a request. @throws `InvalidInputError` */
  target(url: string | URL, query: RequestOptions['query']): Target {
    const target = this.#base === undefined ? parseTarget(url) : resolveTarget(url, this.#base);
    return query === undefined ? target : withQuery(target, encodeEntries('query', query));
  }

  /**
   * The fields of a request, `Host` excepted.
   *
   * @param type - Of its body, unless the program sets a `Content-Type`.
   * @throws as {@link fieldList}; `InvalidInputError` for credentials
   */
  fields(options: RequestOptions, target: Target, type: string | undefined): FieldList {
    const { headers, auth, decompress } = options;
    const isOwn = this.#base === undefined || this.#base.origin === target.origin;
    const defaults = isOwn ? this.#authorized : this.#fields;
    const { authorization } = target;
    const isPlain = headers === undefined && auth === undefined && decompress === undefined;
    if (isPlain && authorization === undefined && type === undefined) return defaults;
    const fields = [...fieldList(headers)];
    if (!hasField(fields, 'authorization')) {
      const value = auth === undefined ? authorization : authorizationOf('request', auth);
      if (value !== undefined) fields.push('Authorization', value);
    }
    const hasType = hasField(fields, 'content-type') || hasField(defaults, 'content-type');
    if (type !== undefined && !hasType) fields.push('Content-Type', type);
    // The range of a body is one of its coded form.
    const isRaw = this.#addsCodings && (decompress === false || hasField(fields, 'range'));
    const own = fields.length;
    for (let index = 0; index < defaults.length; index += 2) {
      const name = defaults[index] as string;
      if (isRaw && name === 'Accept-Encoding') continue;
      const isReplaced = hasOwnField(fields, own, name.toLowerCase());
      if (!isReplaced) fields.push(name, defaults[index + 1] as string);
    }
    return fields;
  }

  /** Puts Host first, as RFC 9110 section 7.2 recommends, unless the caller set one. */
  withHost(fields: FieldList, { host }: Target): FieldList {
    const last = this.#last;
    if (last !== undefined && last.host === host && last.from === fields) return last.fields;
    if (fieldValue(fields, 'host') !== undefined) return fields;
    const whole = ['Host', host, ...fields];
    if (fields === this.#fields || fields === this.#authorized) {
      this.#last = { host, from: fields, fields: Object.freeze(whole) };
    }
    return whole;
  }
}

/** Whether one of the first fields has this lower-case name. */
function hasOwnField(fields: FieldList, count: number, lowerName: string): boolean {
  for (let index = 0; index < count; index += 2) {
    if ((fields[index] as string).toLowerCase() === lowerName) return true;
  }
  return false;
}

/** The time for a whole request. @throws `InvalidInputError` */
export function totalOf(given: number | undefined, fallback: number): number {
  const total = given ?? fallback;
  if (typeof total === 'number' && total >= 0) return total;
  throw invalidInput('request', 'timeout', 'a number of milliseconds from 0', total);
}
