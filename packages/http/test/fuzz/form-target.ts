/**
 * The parser of multipart, for fuzzing: texts that are nearly forms, whose boundary is `b`.
 *
 * What must hold: where the bytes are cut decides nothing; a reader of the whole text finds the same; limits are kept.
 */

import type { Random } from '@awaitio/core';
import { limitsOf, type GivenLimits } from '../../src/forms/multipart-limits.ts';
import { MultipartParser } from '../../src/forms/multipart-parser.ts';
import { outcomeOf, type Outcome, type Parser } from '../forms/multipart-case.ts';
import { NEAR_DELIMITERS, readWhole } from '../forms/multipart-reference.ts';
import { byteByByte, whole } from '../wire/observe.ts';
import { randomPieces } from './oracles.ts';
import { choice, oneOf, rarely, repeat, sequence, write, type Part } from './rules.ts';
import type { Target, Verdict } from './target.ts';

/** Limits that short texts reach. */
const SMALL = { parts: 1, nameBytes: 4, headerBytes: 70, partBytes: 6, bodyBytes: 240 };

const LINE_END = oneOf('\r\n', choice(' \r\n', '\t\r\n', '\n', '\r', 'c\r\n', '--\r\n', '-', ''));
const NAME = oneOf(
  choice('name="a"', 'name=c', 'NAME="b"', 'name=""'),
  choice('name="%22;="', 'name="\xc3\xbc"', 'name="\xfc"', 'name="\\"', 'name="%0d%0A%"'),
);
const PARAMETER = oneOf(
  choice('filename="f"', 'filename="../f"', 'filename="a\\b"', 'filename=".."', 'filename=""'),
  choice('filename*=x', "filename*=UTF-8''%e2", 'x="\\""', 'x=y', 'x', 'x=', 'name="', '', '='),
  NAME,
);
const SEMICOLON = oneOf('; ', ';', ' ;\t', ';;', '');
const DISPOSITION = sequence(
  oneOf('Content-Disposition', 'content-disposition', 'Content-Dispositio'),
  oneOf(': ', ':', ':\t', ' : ', ''),
  oneOf('form-data', 'Form-Data', 'form-data ', 'attachment', ''),
  oneOf(sequence(SEMICOLON, NAME), ''),
  oneOf('', repeat(sequence(SEMICOLON, PARAMETER), 1, 2)),
);
const FIELD = choice(
  'Content-Type: text/html',
  'content-type:image/png ',
  'X: y',
  ' folded',
  'Content-Transfer-Encoding: base64',
  'Content-Transfer-Encoding: 8bit',
  'X : y',
  'X: \x7f',
  'X:\xff',
  'bad',
  ':',
);
const SECTION = sequence(
  oneOf(DISPOSITION, sequence(DISPOSITION, '\r\n', DISPOSITION), FIELD, ''),
  repeat(sequence('\r\n', FIELD), 0, 1),
);
/** Everything that nearly is a delimiter. */
const BODY: Part = repeat(choice(...NEAR_DELIMITERS, '\r\n--c', '\r\n\r\n'), 0, 8);
const PART = sequence(
  '--b',
  LINE_END,
  SECTION,
  oneOf('\r\n\r\n', '\r\n', '\n\n', ''),
  BODY,
  '\r\n',
);
const FORM = sequence(
  rarely(0.2, choice('preamble\r\n', '\r\n', '\r', '-', '--b')),
  repeat(PART, 0, 4),
  oneOf('--b--\r\n', '--b--', '--b-- \r\n', '--b--x', '--b-', '--b', ''),
  rarely(0.1, choice('--b\r\n', 'x', '\r\n--b--')),
);

const DICTIONARY = [
  '\r',
  '\n',
  '\r\n',
  '\r\n\r\n',
  ' ',
  '	',
  '\0',
  '',
  'ÿ',
  ':',
  ';',
  '"',
  '=',
  '%22',
  '--b',
  '\r\n--b',
  '--b--',
  '--',
  'name="a"',
  'filename="f"',
  'Content-Type: a/b\r\n',
];

/** Makes the parser of one form. */
export type MakeParser = (limits: GivenLimits) => Parser;

/** @param make - What is judged, for a test of the judge. */
export const formTarget = (
  make: MakeParser = (limits) => new MultipartParser('b', limitsOf(limits)),
): Target => ({
  name: 'form',
  weight: 5,
  dictionary: DICTIONARY,
  generate: (random) => write(random, FORM),
  judge: (text, random, isClose) => judgeForm(make, text, random, isClose),
});

function judgeForm(make: MakeParser, text: string, random: Random, isClose: boolean): Verdict {
  const expected = readWhole(text, 'b');
  const steps = stepsOf(expected);
  try {
    for (const pieces of cuts(text, random)) {
      const complaint = difference('a reader of all', expected, outcomeOf(make({}), pieces));
      if (complaint !== undefined) return { complaint, steps };
    }
    if (!isClose) return { complaint: undefined, steps };
    const limited = outcomeOf(make(SMALL), whole(text));
    steps.push(...stepsOf(limited));
    const complaint = excess(limited);
    if (complaint !== undefined) return { complaint, steps };
    for (const pieces of cuts(text, random)) {
      const other = difference('one piece', limited, outcomeOf(make(SMALL), pieces));
      if (other !== undefined) return { complaint: `${other}, with limits`, steps };
    }
    return { complaint: undefined, steps };
  } catch (error) {
    return { complaint: `it threw: ${(error as Error).stack ?? String(error)}`, steps };
  }
}

function* cuts(text: string, random: Random): Generator<readonly Uint8Array[]> {
  yield whole(text);
  yield byteByByte(text);
  yield randomPieces(text, random);
}

function difference(by: string, expected: Outcome, found: Outcome): string | undefined {
  const [one, other] = [JSON.stringify(expected), JSON.stringify(found)];
  return one === other ? undefined : `${by} finds ${one}, the parser ${other}`;
}

function excess({ parts }: Outcome): string | undefined {
  if (parts.length > SMALL.parts) return `it gives ${parts.length} parts, of ${SMALL.parts}`;
  const bytes = Math.max(0, ...parts.map(({ body }) => body.length));
  return bytes > SMALL.partBytes ? `it gives ${bytes} bytes, of ${SMALL.partBytes}` : undefined;
}

function stepsOf({ parts, end }: Outcome): string[] {
  const kinds = parts.map(({ filename, type, body, isOpen }) =>
    [
      filename === undefined ? 'field' : 'file',
      type === undefined ? '' : ' typed',
      body === '' ? ' empty' : '',
      isOpen === true ? ' open' : '',
    ].join(''),
  );
  return ['begin', ...kinds].map((kind, at) => `${kind} → ${kinds[at] ?? end}`);
}
