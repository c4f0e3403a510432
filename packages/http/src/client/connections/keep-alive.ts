/** How long a server says that it keeps an idle connection: `Keep-Alive: timeout=5` (RFC 2068 section 19.7.1.1). */

import type { Headers } from '../../protocol/vocabulary/headers.ts';

/** Milliseconds until an idle connection stops keeping the process alive, and an unread body is read on. */
export const REST = 0;

/** How long a connection may idle: by the options, and by the word of its server. */
export function idleTimeOf(
  headers: Headers | undefined,
  { idle, idleMargin }: { readonly idle: number; readonly idleMargin: number },
): number {
  return Math.min(idle, keepAliveOf(headers, idleMargin));
}

/**
 * How long a connection may idle by the word of its server.
 *
 * @param headers - Of the last response.
 * @param margin - How much earlier to stop using it, in milliseconds: the server's time began before the response arrived. Of
 * a short time, at most half.
 * @returns Milliseconds; `Infinity` when the server says nothing.
 */
function keepAliveOf(headers: Headers | undefined, margin: number): number {
  const field = headers?.get('keep-alive') ?? '';
  const seconds = /(?:^|[,;\s])timeout\s*=\s*"?(\d{1,9})/i.exec(field)?.[1];
  if (seconds === undefined) return Infinity;
  const announced = Number(seconds) * 1_000;
  return Math.max(announced - margin, announced / 2);
}
