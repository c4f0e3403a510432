/**
 * What two sides agree on before messages are compressed: the parameters of permessage-deflate (RFC 7692 section 7.1).
 *
 * The client makes offers, the server answers the first that it can keep, and the client holds the server to what was offered. An
 * offer with a parameter that is unknown, twice there, or has a wrong value is passed over; such an answer is refused.
 */

import { readExtensions, writeExtension, type Extension } from './extensions.ts';

/** What is agreed on. */
export interface DeflateTerms {
  /** Whether the server begins every message with an empty window. */
  readonly serverNoContextTakeover: boolean;
  readonly clientNoContextTakeover: boolean;
  /** The binary logarithm of the window of what the server sends: 8 to 15. */
  readonly serverMaxWindowBits: number;
  readonly clientMaxWindowBits: number;
}

/** What one side wants, of both directions. */
export interface DeflateWishes {
  readonly contextTakeover: boolean;
  readonly windowBits: number;
}

const NAME = 'permessage-deflate';
const MOST_BITS = 15;
const SERVER_NO_CONTEXT = 'server_no_context_takeover';
const CLIENT_NO_CONTEXT = 'client_no_context_takeover';
const SERVER_BITS = 'server_max_window_bits';
const CLIENT_BITS = 'client_max_window_bits';
const FLAGS: readonly string[] = [SERVER_NO_CONTEXT, CLIENT_NO_CONTEXT];
const BITS = /^(?:[89]|1[0-5])$/;

type Parameters = ReadonlyMap<string, string | undefined>;

/** Writes the offer of a client. */
export function writeOffer({ contextTakeover, windowBits }: DeflateWishes): string {
  const bits = windowBits === MOST_BITS ? undefined : String(windowBits);
  const parameters: [string, string | undefined][] = [];
  if (!contextTakeover)
    parameters.push([SERVER_NO_CONTEXT, undefined], [CLIENT_NO_CONTEXT, undefined]);
  if (bits !== undefined) parameters.push([SERVER_BITS, bits]);
  // Without a value: the server may choose.
  parameters.push([CLIENT_BITS, bits]);
  return writeExtension({ name: NAME, parameters });
}

/**
 * Answers the offers of a client: agrees to the first that this server can keep.
 *
 * @param lines - The values of the request’s field.
 * @returns `undefined` for no compression, `'malformed'` when the field is.
 */
export function answerOffers(
  lines: readonly string[],
  wishes: DeflateWishes,
): { readonly terms: DeflateTerms; readonly text: string } | 'malformed' | undefined {
  if (lines.length === 0) return undefined;
  const offers = readExtensions(lines);
  if (offers === undefined) return 'malformed';
  for (const offer of offers) {
    const parameters = parametersOf(offer, true);
    if (parameters === undefined) continue;
    const terms = agree(parameters, wishes);
    if (terms === undefined) continue;
    return { terms, text: writeAnswer(terms, parameters.has(SERVER_BITS)) };
  }
  return undefined;
}

/** The parameters of permessage-deflate, if that is what it is and all are right. */
function parametersOf({ name, parameters }: Extension, isOffer: boolean): Parameters | undefined {
  const known = new Map(parameters);
  if (name !== NAME || known.size !== parameters.length) return undefined;
  for (const [key, value] of parameters) {
    if (FLAGS.includes(key) ? value !== undefined : !areBits(key, value, isOffer)) return undefined;
  }
  return known;
}

function areBits(key: string, value: string | undefined, isOffer: boolean): boolean {
  if (key !== SERVER_BITS && key !== CLIENT_BITS) return false;
  if (value === undefined) return isOffer && key === CLIENT_BITS;
  return BITS.test(value);
}

/** @returns `undefined` when the client’s window cannot be limited as this server wishes. */
function agree(offer: Parameters, wishes: DeflateWishes): DeflateTerms | undefined {
  const { contextTakeover, windowBits } = wishes;
  if (windowBits < MOST_BITS && !offer.has(CLIENT_BITS)) return undefined;
  const most = (key: string): number => Math.min(windowBits, Number(offer.get(key) ?? MOST_BITS));
  return {
    serverNoContextTakeover: !contextTakeover || offer.has(SERVER_NO_CONTEXT),
    clientNoContextTakeover: !contextTakeover || offer.has(CLIENT_NO_CONTEXT),
    serverMaxWindowBits: most(SERVER_BITS),
    clientMaxWindowBits: most(CLIENT_BITS),
  };
}

/** A window of 15 bits, which is the largest, needs no word, except in answer to one. */
function writeAnswer(terms: DeflateTerms, isServerAsked: boolean): string {
  const { serverMaxWindowBits, clientMaxWindowBits } = terms;
  const parameters: [string, string | undefined][] = [];
  if (terms.serverNoContextTakeover) parameters.push([SERVER_NO_CONTEXT, undefined]);
  if (terms.clientNoContextTakeover) parameters.push([CLIENT_NO_CONTEXT, undefined]);
  if (isServerAsked || serverMaxWindowBits < MOST_BITS) {
    parameters.push([SERVER_BITS, String(serverMaxWindowBits)]);
  }
  if (clientMaxWindowBits < MOST_BITS) parameters.push([CLIENT_BITS, String(clientMaxWindowBits)]);
  return writeExtension({ name: NAME, parameters });
}

/**
 * Reads the answer to `writeOffer`.
 *
 * @param lines - The values of the response’s field.
 * @returns `undefined` when the server does not compress, `'refused'` when the answer is malformed or says what was not offered.
 */
export function readAnswer(
  lines: readonly string[],
  wishes: DeflateWishes,
): DeflateTerms | 'refused' | undefined {
  if (lines.length === 0) return undefined;
  const [answer, ...more] = readExtensions(lines) ?? [];
  const parameters = answer === undefined ? undefined : parametersOf(answer, false);
  if (parameters === undefined || more.length > 0) return 'refused';
  const terms: DeflateTerms = {
    serverNoContextTakeover: parameters.has(SERVER_NO_CONTEXT),
    clientNoContextTakeover: parameters.has(CLIENT_NO_CONTEXT) || !wishes.contextTakeover,
    serverMaxWindowBits: Number(parameters.get(SERVER_BITS) ?? MOST_BITS),
    clientMaxWindowBits: Number(parameters.get(CLIENT_BITS) ?? wishes.windowBits),
  };
  const isOffered =
    (terms.serverNoContextTakeover || wishes.contextTakeover) &&
    terms.serverMaxWindowBits <= wishes.windowBits &&
    terms.clientMaxWindowBits <= wishes.windowBits;
  return isOffered ? terms : 'refused';
}
