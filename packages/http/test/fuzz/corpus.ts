/** Texts that were kept: one JSON string a line, a file for each role. */

import { readFileSync } from 'node:fs';
import { REQUEST_CASES } from '../wire/request-cases.ts';
import { RESPONSE_CASES } from '../wire/response-cases.ts';
import type { Role } from './oracles.ts';

const FILES: Readonly<Record<Role, string>> = { server: 'requests', client: 'responses' };

export const corpusFile = (role: Role): URL =>
  new URL(`corpus/${FILES[role]}.jsonl`, import.meta.url);

export function readCorpus(): Record<Role, string[]> {
  const read = (role: Role): string[] =>
    readFileSync(corpusFile(role), 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => JSON.parse(line) as string);
  return { server: read('server'), client: read('client') };
}

/** The corpus, and the bytes of the wire tables: what fuzzing begins with. */
export function readSeeds(): Record<Role, string[]> {
  const { server, client } = readCorpus();
  return {
    server: [...REQUEST_CASES.map(({ bytes }) => bytes), ...server],
    client: [...RESPONSE_CASES.map(({ bytes }) => bytes), ...client],
  };
}

/** What a corpus file holds. */
export const writeCorpus = (texts: readonly string[]): string =>
  texts.map((text) => `${quote(text)}\n`).join('');

/** A text as JSON, with an escape for every byte that an editor might not show. */
export const quote = (text: string): string =>
  JSON.stringify(text).replaceAll(/[\x7f-\xff]/g, escapeOf);

const escapeOf = (character: string): string =>
  `\\u${character.charCodeAt(0).toString(16).padStart(4, '0')}`;
