/**
 * Who may see the page: those who know the token, and only from the page itself.
 *
 * A browser on this machine runs pages of other sites, and any of them can send requests to a loopback port. Three checks keep
 * them out. The name in `Host` must be one of the page's: a name that an attacker has rebound to 127.0.0.1 is not. A request that
 * says where it comes from (`Origin`, `Sec-Fetch-Site`) must come from the page. And the token is in `Authorization`, which no
 * other site can send: it would need the page's consent (CORS), and there is none.
 */

import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import type { HttpRequest } from '../message/request.ts';

/** Draws a token: 256 bits. */
export function newToken(): string {
  return randomBytes(32).toString('base64url');
}

/** The checks of one page. */
export class Guard {
  readonly #token: Buffer;
  /** Values of `Host` that are right; none is checked on a Unix socket, which no browser reaches. */
  readonly #hosts: ReadonlySet<string> | undefined;

  constructor(token: string, hosts: Iterable<string> | undefined) {
    this.#token = digest(token);
    this.#hosts = hosts === undefined ? undefined : new Set(hosts);
  }

  /** Whether a request comes by one of the page's names, and from no other site. */
  isFromHere(request: HttpRequest): boolean {
    const host = request.headers.get('host')?.toLowerCase() ?? '';
    if (this.#hosts !== undefined && !this.#hosts.has(host)) return false;
    const origin = request.headers.get('origin');
    if (origin !== null && origin !== `http://${host}`) return false;
    return true;
  }

  /** Whether the page itself, or no page at all, asks for data, and knows the token. */
  isAllowed(request: HttpRequest): boolean {
    const site = request.headers.get('sec-fetch-site');
    if (site !== null && site !== 'same-origin' && site !== 'none') return false;
    const [scheme, token = ''] = request.headers.get('authorization')?.split(' ') ?? [];
    if (scheme?.toLowerCase() !== 'bearer') return false;
    // Digests have one length, and their comparison says nothing about how much of a guess was right.
    return timingSafeEqual(digest(token), this.#token);
  }
}

function digest(text: string): Buffer {
  return createHash('sha256').update(text).digest();
}
