/** permessage-deflate (RFC 7692) between a handshake and a connection: what is agreed on, and what works by it. */

import { withDefaults } from '@awaitio/core/lowlevel';
import type { Role } from '../protocol/connection.ts';
import type { MessageCoding } from '../protocol/message-coding.ts';
import type { CompressionOptions, CompressionSettings } from './compression-options.ts';
import { DEFAULT_COMPRESSION } from './compression-options.ts';
import { Deflater } from './deflater.ts';
import { Inflater, type InflateLimits } from './inflater.ts';
import { answerOffers, readAnswer, writeOffer, type DeflateTerms } from './terms.ts';
import { deflateContext, hasContexts, inflateContext } from './zlib-context.ts';

/** What was agreed on. */
export interface Compression {
  /** The extension with its parameters, as the server’s field has it. */
  readonly text: string;
  readonly coding: MessageCoding;
}

const settingsOf = (options: CompressionOptions): CompressionSettings =>
  withDefaults(DEFAULT_COMPRESSION, options);

/** What a client offers; `undefined` where this Node’s zlib lacks what is needed. */
export function offerCompression(options: CompressionOptions): string | undefined {
  return hasContexts() ? writeOffer(settingsOf(options)) : undefined;
}

/**
 * What a server agrees to.
 *
 * @param lines - The values of the request’s field.
 * @returns `undefined` for no compression, `'malformed'` when the field is.
 */
export function acceptCompression(
  lines: readonly string[],
  options: CompressionOptions,
  limits: InflateLimits,
): Compression | 'malformed' | undefined {
  const settings = settingsOf(options);
  const answer = answerOffers(lines, settings);
  if (answer === undefined || answer === 'malformed') return answer;
  if (!hasContexts()) return undefined;
  return { text: answer.text, coding: codingOf('server', answer.terms, settings, limits) };
}

/**
 * What a client makes of the answer to `offerCompression`.
 *
 * @param lines - The values of the response’s field.
 * @returns `undefined` for no compression, `'refused'` when the server has answered what was not offered.
 */
export function openCompression(
  lines: readonly string[],
  options: CompressionOptions,
  limits: InflateLimits,
): Compression | 'refused' | undefined {
  const settings = settingsOf(options);
  const terms = readAnswer(lines, settings);
  if (terms === undefined || terms === 'refused') return terms;
  return { text: lines.join(', '), coding: codingOf('client', terms, settings, limits) };
}

/** Both directions of a connection with these terms. */
export function codingOf(
  role: Role,
  terms: DeflateTerms,
  settings: CompressionSettings,
  limits: InflateLimits,
): MessageCoding {
  const server = [!terms.serverNoContextTakeover, terms.serverMaxWindowBits] as const;
  const client = [!terms.clientNoContextTakeover, terms.clientMaxWindowBits] as const;
  const [own, peer] = role === 'server' ? [server, client] : [client, server];
  return {
    decoder: new Inflater(limits, peer[0], () => inflateContext(peer[1])),
    encoder: new Deflater(settings, own[0], () => deflateContext(own[1], settings.level)),
  };
}
