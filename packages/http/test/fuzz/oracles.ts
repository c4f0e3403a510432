/**
 * What must hold for a connection whatever bytes it is given.
 *
 * 1. It throws nothing but the peer's fault, and comes to an end.
 * 2. Where the bytes are cut decides nothing.
 * 3. What it takes for requests another reader takes for the same ones (`reference.ts`).
 * 4. What it holds for a program that does not ask is bounded by its limits.
 */

import type { Random } from '@awaitio/core';
import { HttpConnection } from '../../src/protocol/connection.ts';
import { RemoteProtocolError } from '../../src/protocol/vocabulary/errors.ts';
import { NEED_DATA, PAUSED } from '../../src/protocol/vocabulary/events.ts';
import { DEFAULT_LIMITS, type ProtocolLimits } from '../../src/protocol/vocabulary/limits.ts';
import {
  byteByByte,
  cutAt,
  latin1,
  observeClient,
  observeServer,
  whole,
  type ObserveOptions,
  type Observed,
} from '../wire/observe.ts';
import { disagreement } from './reference.ts';
import type { Verdict } from './target.ts';

export type Role = 'server' | 'client';

/** Limits that short texts reach. */
const SMALL: Partial<ProtocolLimits> = {
  targetBytes: 12,
  headerBytes: 90,
  headerCount: 4,
  bodyBytes: 12,
  trailerBytes: 12,
  chunkOverheadBytes: 24,
  leadingBytes: 4,
  readAheadMessages: 2,
  readAheadBytes: 200,
};

/** Under what circumstances the bytes come. */
const SETTINGS: Readonly<Record<Role, readonly ObserveOptions[]>> = {
  server: [{ eof: true }, { limits: SMALL, eof: true }, {}, { answer: 101 }, { answer: 404 }],
  client: [
    { eof: true },
    { limits: SMALL, eof: true },
    {},
    { method: 'HEAD' },
    { method: 'CONNECT', eof: true },
    { upgrade: true },
  ],
};

export type Observe = (
  role: Role,
  pieces: readonly Uint8Array[],
  options: ObserveOptions,
) => Observed;

export const observe: Observe = (role, pieces, options) =>
  (role === 'server' ? observeServer : observeClient)(pieces, options);

/**
 * Checks all of it for one text.
 *
 * @param settings - How many of the settings are tried, from the first on; the rest change less often.
 */
export function judge(
  role: Role,
  text: string,
  random: Random,
  by: Observe = observe,
  settings = Infinity,
): Verdict {
  const steps: string[] = [];
  try {
    for (const setting of SETTINGS[role].slice(0, settings)) {
      // 101 answers only what asks for it.
      const options = setting.answer === 101 ? onlyIfAsked(role, text, setting) : setting;
      const expected = by(role, whole(text), options);
      steps.push(...stepsOf(expected));
      for (const pieces of [byteByByte(text), randomPieces(text, random)]) {
        const difference = firstDifference(expected, by(role, pieces, options));
        if (difference !== undefined) {
          return { complaint: `${difference}, with ${JSON.stringify(options)}`, steps };
        }
      }
      if (role === 'server' && options.answer === undefined) {
        const complaint = disagreement(text, expected.details, options.limits !== undefined);
        if (complaint !== undefined) return { complaint, steps };
      }
    }
    return { complaint: hoard(role, text), steps };
  } catch (error) {
    return { complaint: `it threw: ${(error as Error).stack ?? String(error)}`, steps };
  }
}

function onlyIfAsked(role: Role, text: string, setting: ObserveOptions): ObserveOptions {
  const { lines } = observe(role, whole(text), {});
  return lines.every((line) => line === 'end' || line.endsWith(' upgrade')) ? setting : {};
}

export function randomPieces(text: string, random: Random): Uint8Array[] {
  const places = Array.from({ length: random.integer(1, 6) }, () => random.integer(0, text.length));
  return cutAt(
    text,
    places.toSorted((one, other) => one - other),
  );
}

function firstDifference(expected: Observed, cut: Observed): string | undefined {
  for (let index = 0; index < Math.max(expected.details.length, cut.details.length); index += 1) {
    const [one, other] = [expected.details[index], cut.details[index]];
    if (one !== other) {
      return `in one piece it read ${JSON.stringify(one)}, in several ${JSON.stringify(other)}`;
    }
  }
  if (expected.left === cut.left) return undefined;
  return `in one piece it left ${JSON.stringify(expected.left)}, in several ${JSON.stringify(cut.left)}`;
}

function stepsOf({ lines, left }: Observed): string[] {
  const kinds = ['begin', ...lines.map(kindOf), ...(left === '' ? [] : ['left'])];
  return kinds.slice(1).map((kind, index) => `${kinds[index]} → ${kind}`);
}

/** A line without its particulars. */
function kindOf(line: string): string {
  if (line.startsWith(' ')) return 'trailer';
  if (line.startsWith('data ')) return 'data';
  if (/^(?:end|closed|refused .*)$/.test(line)) return line;
  const flags = line.match(
    / (?:\(1\.0\)|unknown-length|length|expects-continue|upgrade|close)(?=[ =]|$)/g,
  );
  return `head${(flags ?? []).join('')}`;
}

/** A program that never asks: what it gets in the end is what was held for it. */
function hoard(role: Role, text: string): string | undefined {
  const limits = { ...DEFAULT_LIMITS, ...SMALL };
  const connection = new HttpConnection(role, limits);
  if (role === 'client') {
    connection.sendRequest({
      method: 'GET',
      target: '/',
      fields: [],
      hasBody: false,
      length: undefined,
    });
    connection.sendEnd();
  }
  const bytes = latin1(text);
  for (let round = 0; round < ROUNDS; round += 1) connection.receive(bytes);
  const heads = (limits.readAheadMessages + 1) * (limits.headerBytes + limits.trailerBytes);
  const bound = heads + limits.readAheadBytes + bytes.length;
  const held = heldBy(connection);
  return held <= bound ? undefined : `it holds ${held} bytes, ${bound} are allowed`;
}

const ROUNDS = 20;

function heldBy(connection: HttpConnection): number {
  let held = 0;
  try {
    for (;;) {
      const event = connection.nextEvent();
      if (event === NEED_DATA) return held;
      if (event === PAUSED) {
        if (connection.serverState !== 'SEND_RESPONSE') return held;
        connection.sendResponse({ status: 404, fields: [], length: 0, date: '' });
        connection.sendEnd();
        if (!connection.isCycleDone) return held;
        connection.startNextCycle();
      } else if (event.type === 'data') held += event.bytes.length;
      else if (event.type !== 'closed') {
        const fields = event.type === 'end' ? event.trailers : event.headers;
        for (const [name, value] of fields ?? []) held += name.length + value.length;
      }
    }
  } catch (error) {
    if (error instanceof RemoteProtocolError) return held;
    throw error;
  }
}
