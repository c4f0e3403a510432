/** A URL as a client needs it: the server to connect to, and the request target. */

import { invalidInput } from '@awaitio/core/lowlevel';

export interface Target {
  readonly url: string;
  /** Scheme, host and port: requests to the same origin share a pool. */
  readonly origin: string;
  /** The request target in origin form. */
  readonly path: string;
  /** The value of the Host field. */
  readonly host: string;
  /** `host:port` to connect to. */
  readonly address: string;
  readonly isSecure: boolean;
}

interface Origin {
  readonly origin: string;
  readonly host: string;
  readonly address: string;
  readonly isSecure: boolean;
}

/** Origins by the URL's text before the path: parsing a URL costs more than the rest of sending a request. */
const origins = new Map<string, Origin>();
const MAX_ORIGINS = 1_024;
const PLAIN_PATH = /^\/[!$&-;=?-Z_a-z~%]*$/;

/**
 * Reads a URL.
 *
 * @throws `InvalidInputError` when it is not an absolute URL, or its scheme is not `http:` or `https:`.
 */
export function parseTarget(url: string | URL): Target {
  const text = typeof url === 'string' ? url : (url as URL | null | undefined)?.href;
  if (typeof text !== 'string') throw invalidInput('request', 'url', 'a string or a URL', url);
  const start = text.indexOf('//');
  const slash = start === -1 ? -1 : text.indexOf('/', start + 2);
  if (slash !== -1) {
    const origin = origins.get(text.slice(0, slash));
    const path = text.slice(slash);
    // Dot segments and characters that must be encoded need the URL parser.
    if (origin !== undefined && PLAIN_PATH.test(path) && !path.includes('/.')) {
      return { url: text, path, ...origin };
    }
  }
  return parseUrl(text, url);
}

function parseUrl(text: string, given: string | URL): Target {
  let url: URL;
  try {
    url = new URL(text);
  } catch {
    throw invalidInput('request', 'url', 'an absolute URL such as http://127.0.0.1:1234/', given);
  }
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalidInput('request', 'url', 'a URL with the scheme http: or https:', given);
  }
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? '443' : '80') : url.port;
  const origin: Origin = {
    origin: url.origin,
    host: url.host,
    address: `${url.hostname}:${port}`,
    isSecure,
  };
  if (origins.size < MAX_ORIGINS && url.username === '' && url.password === '') {
    origins.set(url.origin, origin);
  }
  return { url: url.href, path: `${url.pathname}${url.search}`, ...origin };
}
