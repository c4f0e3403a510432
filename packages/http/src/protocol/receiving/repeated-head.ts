/**
 * The head that a connection says again and again.
 *
 * A program that keeps a connection mostly asks the same way each time: a proxy's health check, a poll, a call of the same
 * procedure. The parser begins each message in the same state, so what it makes of a head follows from the head's bytes
 * alone, and a head with the bytes of one that it accepted is accepted with the same meaning. Comparing them is a small part
 * of what parsing takes, and lost when they differ (`pnpm bench --only echo,varied` has both kinds of clients).
 *
 * What keeps this an abbreviation and not a second opinion on framing:
 *
 * - Only what the parser said of a whole head is remembered, and only compared whole, byte for byte.
 * - Only where nothing is left for the parser to decide: the length of the body is known, the connection goes on in HTTP.
 *   Chunks, upgrades, and a last message are always its own.
 * - It is one connection's, so that how long an answer takes tells no connection what another one sent.
 */

import type { RequestHead } from '../vocabulary/events.ts';

export class RepeatedHead {
  /** A head's text, its empty line included, and what the parser made of it; both or none. */
  #text = '';
  #head: RequestHead | undefined;

  /** Takes a head that the parser accepted, if it can be told by its text alone what follows it. */
  remember(text: string, head: RequestHead): void {
    if (head.contentLength === undefined || !head.keepAlive || head.upgrade) return;
    // The body begins where this text ends.
    if (!text.endsWith('\r\n\r\n')) return;
    this.#text = text;
    this.#head = head;
  }

  /** The head that begins at `at` in a text, if it is the remembered one and all of its body is in the text as well. */
  find(text: string, at: number): RequestHead | undefined {
    const head = this.#head;
    if (head === undefined) return undefined;
    const end = at + this.#text.length;
    if (end + (head.contentLength as number) > text.length) return undefined;
    // Equality of flat text is compared by words; `startsWith` goes character by character, ten times as long.
    return text.slice(at, end) === this.#text ? head : undefined;
  }

  /** How long the remembered head is. */
  get length(): number {
    return this.#text.length;
  }
}
