/**
 * The paths of contracts: `/items/{id}`, as OpenAPI writes them. A parameter is a whole segment.
 *
 * Both sides go through one text: what a client fills in, percent-encoded, is what a server gets back, decoded. So values are
 * refused that a URL would change on the way: `.` and `..` lead to another path, and an empty one to none.
 */

import { InvalidInputError } from '@awaitio/core';
import { invalidInput } from '@awaitio/core/lowlevel';

/** The names of the parameters in a path. */
export type PathNames<Path extends string> = Path extends `${string}{${infer Name}}${infer Rest}`
  ? Name | PathNames<Rest>
  : never;

/** A segment of a path: a parameter, or the text that has to stand there. */
export interface TemplateSegment {
  readonly isName: boolean;
  /** The name of the parameter, or the text. */
  readonly text: string;
}

/** A path, read. */
export interface PathTemplate {
  readonly names: readonly string[];
  readonly segments: readonly TemplateSegment[];
}

const NAME = /^\{([A-Za-z]\w*)\}$/;
/** The characters of a segment (RFC 3986 section 3.3), percent-encoding aside: a text has one form. */
const TEXT = /^[\w\-.~!$&'()*+,;=:@]+$/;

/** @throws `InvalidInputError` for a path that is none. */
export function parseTemplate(path: unknown): PathTemplate {
  if (typeof path !== 'string' || !path.startsWith('/')) {
    throw invalidInput('contract', 'path', 'a path that begins with a slash', path);
  }
  const texts = path.slice(1).split('/');
  const segments = texts.map((text, index): TemplateSegment => {
    const name = NAME.exec(text)?.[1];
    if (name !== undefined) return { isName: true, text: name };
    // How Express and Fastify write a parameter: as a text it would match nothing that was meant.
    if (/^:\w+$/.test(text)) {
      throw invalidInput(
        'contract',
        'path',
        `a path with {${text.slice(1)}} for a parameter`,
        path,
      );
    }
    const isLastSlash = text === '' && index === texts.length - 1;
    if (isLastSlash || (TEXT.test(text) && !isDots(text))) return { isName: false, text };
    const expected =
      'segments of letters, digits and the signs that URLs allow, or {name} as a whole segment';
    throw invalidInput('contract', 'path', expected, path);
  });
  const names = segments.filter(({ isName }) => isName).map(({ text }) => text);
  const twice = names.find((name, index) => names.indexOf(name) !== index);
  if (twice === undefined) return { names, segments };
  throw invalidInput('contract', 'path', `{${twice}} once`, path);
}

/**
 * The path with its parameters filled in.
 *
 * @throws `InvalidInputError` for a parameter that is missing, unknown, or cannot stand in a path.
 */
export function fillTemplate({ names, segments }: PathTemplate, params: unknown): string {
  if (params !== undefined && (typeof params !== 'object' || params === null)) {
    throw invalidInput('call', 'params', 'an object', params);
  }
  const given = (params ?? {}) as Record<string, unknown>;
  for (const name in given) {
    if (!names.includes(name)) {
      const message = `call: unknown parameter \`params.${name.slice(0, 64)}\`: it is not in the path of the contract`;
      throw new InvalidInputError(message, 'call');
    }
  }
  let path = '';
  for (const { isName, text } of segments) {
    path += `/${isName ? segmentOf(`params.${text}`, given[text]) : text}`;
  }
  return path;
}

function segmentOf(name: string, value: unknown): string {
  const isText = typeof value === 'string';
  if (isText || ['number', 'bigint', 'boolean'].includes(typeof value)) {
    const text = String(value);
    // A half of a surrogate pair has no encoding.
    if (text !== '' && !isDots(text) && !/\p{Surrogate}/u.test(text)) {
      return encodeURIComponent(text);
    }
  }
  const expected = "a number, a boolean, or a well-formed string that is not empty, '.' or '..'";
  if (!isText) throw invalidInput('call', name, expected, value);
  // The value may be a secret, so only its length is shown.
  const got = `a string of ${value.length} character${value.length === 1 ? '' : 's'}`;
  throw new InvalidInputError(`call: expected \`${name}\` to be ${expected}, got ${got}`, 'call');
}

/**
 * The segments of a path, decoded.
 *
 * @returns `undefined` when it is malformed: it matches nothing.
 */
export function segmentsOf(path: string): readonly string[] | undefined {
  if (!path.startsWith('/')) return undefined;
  const segments = path.slice(1).split('/');
  if (!path.includes('%')) return segments;
  try {
    return segments.map((segment) => decodeURIComponent(segment));
  } catch {
    return undefined;
  }
}

/**
 * The parameters of a path.
 *
 * @param segments - As many as the template has.
 * @returns `undefined` when the path is another one.
 */
export function matchTemplate(
  template: PathTemplate,
  segments: readonly string[],
): Readonly<Record<string, string>> | undefined {
  const params: Record<string, string> = {};
  for (const [index, { isName, text }] of template.segments.entries()) {
    const segment = segments[index] as string;
    if (!isName && segment !== text) return undefined;
    if (isName && segment === '') return undefined;
    if (isName) params[text] = segment;
  }
  return params;
}

const isDots = (text: string): boolean => text === '.' || text === '..';
