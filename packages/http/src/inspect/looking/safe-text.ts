/**
 * What of a request may be shown: its path, without the query, user information or fragment of its target, and without what is
 * no printable character. Routes are paths in which what looks like an id is `:id`, so that there are few of them.
 */

/** The longest path that is shown, in characters. */
const MOST_CHARACTERS = 120;

/** The path of a target. */
export function pathOf(target: string): string {
  const absolute = /^[A-Za-z][A-Za-z0-9+\-.]*:\/\/[^/?#]*/.exec(target);
  const rest = absolute === null ? target : target.slice(absolute[0].length);
  const end = rest.search(/[?#]/);
  const path = end === -1 ? rest : rest.slice(0, end);
  // The authority of a CONNECT may hold a name and a password, though no server here accepts them.
  const shown = path.includes('/') ? path : path.replace(/^.*@/, '');
  return printable(shown === '' ? '/' : shown);
}

/** The route of a path. */
export function routeOf(path: string): string {
  return path
    .split('/')
    .map((segment) => (looksLikeId(segment) ? ':id' : segment))
    .join('/');
}

/** Numbers, UUIDs, hashes, tokens: whatever has a digit and no vowel pattern of a word, or is long. */
function looksLikeId(segment: string): boolean {
  if (segment.length === 0) return false;
  if (/^\d+$/.test(segment)) return true;
  if (/^[0-9a-f]{8}-[0-9a-f]{4}-/i.test(segment)) return true;
  if (segment.length >= 8 && /^[0-9a-f]+$/i.test(segment) && /\d/.test(segment)) return true;
  return segment.length >= 20 && /\d/.test(segment) && !segment.includes('.');
}

/** Text of a peer, short, of visible ASCII characters. */
export function printable(text: string): string {
  const plain = text.replaceAll(/[^\x20-\x7e]/g, '?');
  return plain.length > MOST_CHARACTERS ? `${plain.slice(0, MOST_CHARACTERS)}...` : plain;
}

/** The same text, in its own memory: a part of a text keeps all of it, which may be all that came with a request. */
export function copied(text: string): string {
  return Buffer.from(text).toString();
}
