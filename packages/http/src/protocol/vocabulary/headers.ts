/**
 * Received header fields: one text, and the positions of the fields in it.
 *
 * A server reads two or three of the ten to twenty fields that a browser sends. So a head is kept as one string (its bytes
 * as latin1, the encoding of RFC 9110 section 5.5) with four numbers per field, and a value is cut out when it is read. Names are compared in place, without case, and nothing is allocated for a miss.
 */

import { LocalProtocolError } from './errors.ts';
import { loadWebClasses } from './web-classes.ts';

/** What an iteration over fields gives: what the web's does, in its type. */
type FieldIterator<T> = Generator<T, undefined, unknown>;

/**
 * The fields of a received head or trailer section; names are case-insensitive.
 *
 * It has the shape of the web's `Headers`, so that it can be given where one is taken, `new Headers(response.headers)`. Like those
 * of the web that were received it cannot be changed. Other than there, an iteration gives each field as it was received: names
 * as the peer wrote them, in its order, none joined.
 */
export class Headers implements Iterable<[name: string, value: string]> {
  readonly #text: string;
  /** Name start, name end, value start, value end of each field, one after another. */
  readonly #spans: readonly number[];

  /**
   * @param text - The section, as latin1.
   * @param spans - Four positions in it for each field: name start and end, value start and end.
   */
  constructor(text: string, spans: readonly number[]) {
    this.#text = text;
    this.#spans = spans;
  }

  /** A separate object with the same fields. */
  copy(): Headers {
    return new Headers(this.#text, this.#spans);
  }

  /** How many fields there are; a repeated name counts each time. */
  get size(): number {
    return this.#spans.length / 4;
  }

  /**
   * The value of a field; of several with the same name, their values joined by `, ` (RFC 9110 section 5.3), and those of
   * `Cookie` by `; ` (RFC 6265 section 5.4).
   *
   * `Set-Cookie` may not be joined: use {@link Headers.getAll}.
   *
   * @returns The value, or `null` when there is none.
   */
  get(name: string): string | null {
    const first = this.#find(name, 0);
    if (first === -1) return null;
    const second = this.#find(name, first + 4);
    return second === -1 ? this.#value(first) : this.#joined(name, first, second);
  }

  /** Every value of a name, in order. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let at = this.#find(name, 0); at !== -1; at = this.#find(name, at + 4)) {
      values.push(this.#value(at));
    }
    return values;
  }

  /** Every `Set-Cookie`, in order: they may not be joined (RFC 6265 section 3). */
  getSetCookie(): string[] {
    return this.getAll('set-cookie');
  }

  /** Reports whether there is a field of this name, without case. */
  has(name: string): boolean {
    return this.#find(name, 0) !== -1;
  }

  /** Names as the peer wrote them, with values, in order. */
  *[Symbol.iterator](): FieldIterator<[name: string, value: string]> {
    for (let at = 0; at < this.#spans.length; at += 4) yield [this.#name(at), this.#value(at)];
    return undefined;
  }

  /** As the iteration. */
  entries(): FieldIterator<[name: string, value: string]> {
    return this[Symbol.iterator]();
  }

  /** The name of each field. */
  *keys(): FieldIterator<string> {
    for (const [name] of this) yield name;
    return undefined;
  }

  /** The value of each field. */
  *values(): FieldIterator<string> {
    for (const [, value] of this) yield value;
    return undefined;
  }

  /** Calls a function with each field. @throws what it throws; `LocalProtocolError` for what is no synchronous function */
  forEach(
    callback: (value: string, name: string, headers: Headers) => void,
    thisArg?: unknown,
  ): void {
    if (typeof callback !== 'function') throw notA('callback', 'a function', callback);
    for (const [name, value] of this) {
      const returned: unknown = callback.call(thisArg, value, name, this);
      if (isPromise(returned)) throw notA('callback', 'a synchronous function', returned);
    }
  }

  /** @throws `LocalProtocolError`: what was received cannot be changed. */
  append(_name: string, _value: string): void {
    throw received('append');
  }

  /** @throws as {@link Headers.append} */
  set(_name: string, _value: string): void {
    throw received('set');
  }

  /** @throws as {@link Headers.append} */
  delete(_name: string): void {
    throw received('delete');
  }

  /** All fields as pairs of lower-case name and value, in order. */
  toArray(): [name: string, value: string][] {
    return [...this].map(([name, value]) => [name.toLowerCase(), value]);
  }

  /** As the web has them, for `fetch` and `Response`. @throws `Error` where Node cannot load its `Headers`, as under `--jitless` */
  toWeb(): globalThis.Headers {
    loadWebClasses('toWeb');
    const headers = new globalThis.Headers();
    for (const [name, value] of this) headers.append(name, value);
    return headers;
  }

  #find(name: string, from: number): number {
    if (typeof name !== 'string') throw notA('name', 'a string', name);
    const spans = this.#spans;
    for (let at = from; at < spans.length; at += 4) {
      const start = spans[at] as number;
      if ((spans[at + 1] as number) - start === name.length && isName(this.#text, start, name)) {
        return at;
      }
    }
    return -1;
  }

  #joined(name: string, first: number, second: number): string {
    let value = this.#value(first);
    for (let at = second; at !== -1; at = this.#find(name, at + 4)) {
      value += (isCookie(name) ? '; ' : ', ') + this.#value(at);
    }
    return value;
  }

  #name(at: number): string {
    return this.#text.slice(this.#spans[at], this.#spans[at + 1]);
  }

  #value(at: number): string {
    return this.#text.slice(this.#spans[at + 2], this.#spans[at + 3]);
  }
}

function received(operation: string): LocalProtocolError {
  return new LocalProtocolError(
    `headers.${operation}: expected fields of the program, got received ones, which cannot be changed; copy them, new Headers(headers)`,
    'ERR_HTTP_HEADERS_RECEIVED',
  );
}

/** Nothing waits for it, so that its rejection has no handler: it gets one. */
function isPromise(returned: unknown): boolean {
  if (typeof returned !== 'object' || returned === null) return false;
  try {
    const { then } = returned as { readonly then?: unknown };
    if (typeof then !== 'function') return false;
    Reflect.apply(then, returned, [undefined, () => {}]);
  } catch {
    // What fails as a promise is still meant to be one.
  }
  return true;
}

function notA(name: string, expected: string, value: unknown): LocalProtocolError {
  return new LocalProtocolError(
    `headers: expected \`${name}\` to be ${expected}, got a value of type ${typeof value}`,
    'ERR_HTTP_HEADER_NAME',
  );
}

/** No fields at all. */
export const NO_HEADERS: Headers = new Headers('', []);

/** Compares without case; field names are ASCII tokens, so folding bit 5 of letters is enough. */
export function isName(text: string, start: number, name: string): boolean {
  for (let index = 0; index < name.length; index += 1) {
    if (fold(text.charCodeAt(start + index)) !== fold(name.charCodeAt(index))) return false;
  }
  return true;
}

const isCookie = (name: string): boolean => name.length === 6 && isName(name, 0, 'cookie');

function fold(code: number): number {
  return code >= 65 && code <= 90 ? code + 32 : code;
}
