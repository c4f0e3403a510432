/** The errors for what the parser or a limit found wrong. */

import { Errno } from '../../llhttp/instance.ts';
import { RemoteProtocolError } from '../vocabulary/errors.ts';
import type { ProtocolLimits } from '../vocabulary/limits.ts';
import { bad, headTooLarge, targetTooLong } from './request-rules.ts';

/** llhttp's error numbers that mean more than "malformed". */
const EXPLANATIONS: ReadonlyMap<number, readonly [message: string, name: string]> = new Map([
  [Errno.INVALID_METHOD, ['the method is not one of HTTP', 'METHOD']],
  [Errno.INVALID_URL, ['the request target has a character that it may not have', 'TARGET']],
  [
    Errno.INVALID_CONTENT_LENGTH,
    ['Content-Length is malformed, or stands beside Transfer-Encoding', 'CONTENT_LENGTH'],
  ],
  [Errno.UNEXPECTED_CONTENT_LENGTH, ['there is more than one Content-Length', 'CONTENT_LENGTH']],
  [Errno.INVALID_CHUNK_SIZE, ['a chunk size is malformed', 'CHUNK']],
  [
    Errno.INVALID_TRANSFER_ENCODING,
    ['Transfer-Encoding is not chunked, or stands beside Content-Length', 'TRANSFER_ENCODING'],
  ],
]);

const VERSIONS: ReadonlySet<number> = new Set([Errno.INVALID_VERSION, Errno.PAUSED_H2_UPGRADE]);

/**
 * The error for one of llhttp's error numbers.
 *
 * @param version - `major * 10 + minor`, as far as the parser read it.
 */
export function explain(errno: number, version: number): RemoteProtocolError {
  if (VERSIONS.has(errno)) {
    return new RemoteProtocolError(
      'the version in the start line is not HTTP/1.0 or HTTP/1.1',
      'ERR_HTTP_VERSION',
      version >= 12 ? 505 : 400,
    );
  }
  const [message, name] = EXPLANATIONS.get(errno) ?? ['the message is malformed', 'MALFORMED'];
  return bad(message, name);
}

/** The error for a head that reached its limit, given as much of it as the limit allows. */
export function overLimit(
  text: string,
  role: 'server' | 'client',
  limits: ProtocolLimits,
): RemoteProtocolError {
  if (role === 'client') return headTooLarge(limits);
  const [, target = ''] = text.split(' ', 2);
  return target.length > limits.targetBytes ? targetTooLong(limits) : headTooLarge(limits);
}
