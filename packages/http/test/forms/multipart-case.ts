/** What a form is, as the parser tells it: the same however the bytes were cut. */

import { formTypeOf } from '../../src/forms/boundary.ts';
import { MultipartError } from '../../src/forms/multipart-error.ts';
import { limitsOf, type GivenLimits } from '../../src/forms/multipart-limits.ts';
import { MORE, MultipartParser } from '../../src/forms/multipart-parser.ts';

/** A part: its name, its body as latin1, and what else the case is about. */
export interface ExpectedPart {
  readonly name: string;
  readonly filename?: string;
  readonly type?: string;
  readonly body: string;
  /** Whether the form ends, or fails, inside of it. */
  readonly isOpen?: true;
}

/** The parts, and how the form ends: well, or by an error with a code, which for a limit has its name. */
export interface Outcome {
  readonly parts: readonly ExpectedPart[];
  readonly end: string;
}

/** A form on the wire. */
export interface MultipartCase {
  readonly name: string;
  /** @default 'multipart/form-data; boundary=b' */
  readonly type?: string;
  readonly limits?: GivenLimits;
  /** As latin1. */
  readonly wire: string;
  readonly parts: readonly ExpectedPart[];
  /** @default 'end' */
  readonly end?: string;
}

/** The part of a parser that a test drives. */
export type Parser = Pick<MultipartParser, 'push' | 'end' | 'next'>;

/** A parser whose pieces go through something first. */
export function fed(
  parser: Parser,
  change: (piece: Uint8Array, before: Uint8Array) => Uint8Array,
): Parser {
  let before = new Uint8Array(0);
  return {
    push: (piece) => {
      parser.push(change(piece, before));
      before = new Uint8Array(piece);
    },
    end: () => {
      parser.end();
    },
    next: () => parser.next(),
  };
}

export const bytesOf = (text: string): Uint8Array => Buffer.from(text, 'latin1');

/** What comes of the pieces. */
export function outcomeOf(parser: Parser, pieces: readonly Uint8Array[]): Outcome {
  const parts: { -readonly [Key in keyof ExpectedPart]: ExpectedPart[Key] }[] = [];
  const left = [...pieces];
  const body = (): (typeof parts)[number] => parts.at(-1) as (typeof parts)[number];
  try {
    for (;;) {
      const event = parser.next();
      if (event === MORE) {
        const piece = left.shift();
        if (piece === undefined) parser.end();
        else parser.push(piece);
      } else if (event.type === 'part') {
        const { name, filename, contentType } = event.head;
        parts.push({
          name,
          ...(filename === undefined ? undefined : { filename }),
          ...(contentType === 'text/plain' ? undefined : { type: contentType }),
          body: '',
          isOpen: true,
        });
      } else if (event.type === 'data') {
        body().body += Buffer.from(event.bytes).toString('latin1');
      } else if (event.type === 'part-end') delete body().isOpen;
      else return { parts, end: 'end' };
    }
  } catch (error) {
    return { parts, end: endOf(error) };
  }
}

function endOf(error: unknown): string {
  if (!(error instanceof MultipartError)) throw error;
  return error.limitName === undefined ? error.code : `${error.code} ${error.limitName}`;
}

/** What comes of a case, cut as given. */
export function play({ type, limits }: MultipartCase, pieces: readonly Uint8Array[]): Outcome {
  let form;
  try {
    form = formTypeOf(type === '' ? [] : [type ?? 'multipart/form-data; boundary=b']);
  } catch (error) {
    return { parts: [], end: endOf(error) };
  }
  if (form.type !== 'multipart/form-data') return { parts: [], end: form.type };
  return outcomeOf(new MultipartParser(form.boundary, limitsOf(limits)), pieces);
}
