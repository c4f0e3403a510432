/** The field `Sec-WebSocket-Extensions` (RFC 6455 section 9.1), read strictly: what is malformed is no list at all. */

import { trimBlanks } from '../../protocol/vocabulary/lists.ts';

/** One extension that is offered, or agreed on. */
export interface Extension {
  readonly name: string;
  /** In the order of the field; the value is `undefined` where there is none. */
  readonly parameters: readonly (readonly [name: string, value: string | undefined])[];
}

const TOKEN = /^[!#$%&'*+\-.^_`|~0-9A-Za-z]+$/;
/** What quotes may hold: a token, in which any character may have a backslash before it. */
const QUOTED = /^"((?:\\?[!#$%&'*+\-.^_`|~0-9A-Za-z])+)"$/;

/**
 * Reads the field.
 *
 * No part of a right value has a comma or a semicolon in it, in quotes or not, so they always part.
 *
 * @param lines - Its values, in the order of the message.
 * @returns `undefined` when it is malformed.
 */
export function readExtensions(lines: readonly string[]): Extension[] | undefined {
  const elements = lines.flatMap((line) => line.split(',').map(trimBlanks));
  const extensions: Extension[] = [];
  for (const element of elements) {
    // RFC 9110 section 5.6.1.2: empty elements are ignored.
    if (element === '') continue;
    const extension = readExtension(element);
    if (extension === undefined) return undefined;
    extensions.push(extension);
  }
  return extensions.length === 0 ? undefined : extensions;
}

function readExtension(element: string): Extension | undefined {
  const [name, ...rest] = element.split(';').map(trimBlanks) as [string, ...string[]];
  if (!TOKEN.test(name)) return undefined;
  const parameters: (readonly [string, string | undefined])[] = [];
  for (const part of rest) {
    const at = part.indexOf('=');
    const key = at === -1 ? part : trimBlanks(part.slice(0, at));
    const value = at === -1 ? undefined : readValue(trimBlanks(part.slice(at + 1)));
    if (!TOKEN.test(key) || (at !== -1 && value === undefined)) return undefined;
    parameters.push([key, value]);
  }
  return { name, parameters };
}

/** A token, or one in quotes, which means the same. */
function readValue(text: string): string | undefined {
  if (TOKEN.test(text)) return text;
  return QUOTED.exec(text)?.[1]?.replaceAll('\\', '');
}

/** Writes one extension as the field has it. */
export function writeExtension({ name, parameters }: Extension): string {
  const parts = parameters.map(([key, value]) => (value === undefined ? key : `${key}=${value}`));
  return [name, ...parts].join('; ');
}
