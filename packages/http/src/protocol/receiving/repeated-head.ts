/**
 * The last head of a connection, so that an identical one need not be parsed again.
 *
 * A client that keeps a connection mostly sends the same head each time: a proxy's health check, a poll, a remote call. The
 * parser begins each message in the same state, so its result follows from the head's bytes alone, and a head with the bytes
 * of one that it accepted is accepted with the same meaning. The comparison costs a small part of parsing, and is wasted
 * when the heads differ (`pnpm bench --only echo,varied` measures both kinds of clients).
 *
 * What keeps this from being a second opinion on framing:
 *
 * - Only the parser's result for a whole head is remembered, and heads are compared whole, byte for byte.
 * - Only heads that determine the framing alone: the length of the body is known, and the connection goes on in HTTP. Chunks,
 *   upgrades and a last message are parsed each time.
 * - Of responses, those that mean the same whatever was asked: none to HEAD or CONNECT, none where another protocol may follow. Their
 *   decoder sees to that.
 * - Each connection has its own, so that response times do not reveal to one client what another one sent.
 */

import type { RequestHead, ResponseHead } from '../vocabulary/events.ts';

export class RepeatedHead<H extends RequestHead | ResponseHead = RequestHead | ResponseHead> {
  /** A head's text, its empty line included, and its parsed form; both or none. */
  #text = '';
  #head: H | undefined;

  /** Remembers a head that the parser accepted, if the head alone determines the framing. */
  remember(text: string, head: H): void {
    if (head.contentLength === undefined || !head.keepAlive || head.upgrade) return;
    // The body begins where this text ends.
    if (!text.endsWith('\r\n\r\n')) return;
    this.#text = text;
    this.#head = head;
  }

  /** The head that begins at `at` in a text, if it is the remembered one and all of its body is in the text as well. */
  find(text: string, at: number): H | undefined {
    const head = this.#head;
    if (head === undefined) return undefined;
    const end = at + this.#text.length;
    if (end + (head.contentLength as number) > text.length) return undefined;
    // Equality of flat strings compares words; `startsWith` compares characters, and takes ten times as long.
    return text.slice(at, end) === this.#text ? head : undefined;
  }

  /** How long the remembered head is. */
  get length(): number {
    return this.#text.length;
  }
}
