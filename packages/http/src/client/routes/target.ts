/** A URL as a client needs it: the server to connect to, and the request target. */

import { InvalidInputError, type SocketPath } from '@awaitio/core';
import { invalidInput } from '@awaitio/core/lowlevel';
import { basicCredentials } from './credentials.ts';

export interface Target {
  /** Without credentials. */
  readonly url: string;
  /** Scheme, host and port: requests to the same origin share a pool. */
  readonly origin: string;
  /** The request target in origin form. */
  readonly path: string;
  /** The value of the Host field. */
  readonly host: string;
  /** `host:port` to connect to, or the path of a Unix socket. */
  readonly address: string | SocketPath;
  readonly isSecure: boolean;
  /** The value of `Authorization` for the credentials that stood in the URL. */
  readonly authorization?: string | undefined;
}

type Origin = Pick<Target, 'origin' | 'host' | 'address' | 'isSecure'>;

/** Origins by the URL's text before the path: parsing a URL costs more than the rest of sending a request. */
const origins = new Map<string, Origin>();
const MAX_ORIGINS = 1_024;
/** Paths and queries that the URL parser leaves as they are. It encodes an apostrophe in a query. */
const PLAIN_PATH = /^\/[!$&(-;=?-Z_a-z~%]*$/;
/** What the URL parser takes out: segments of dots, also when they are encoded, and an empty query. */
const DOTS = /\/\.|%2e|^[^?]*\?$/i;

const EXPECTED =
  'an absolute URL such as http://127.0.0.1:1234/, or a relative one where the client has a `baseUrl`';
const SCHEMES = 'a URL with the scheme http:, https:, http+unix: or unix:';

/**
 * Reads a URL.
 *
 * @throws `InvalidInputError` when it is not an absolute URL, or has another scheme than `http:`, `https:`, `http+unix:` or
 * `unix:`.
 */
export function parseTarget(url: string | URL): Target {
  const text = typeof url === 'string' ? url : (url as URL | null | undefined)?.href;
  if (typeof text !== 'string') throw invalidInput('request', 'url', 'a string or a URL', url);
  const start = text.indexOf('//');
  const slash = start === -1 ? -1 : text.indexOf('/', start + 2);
  if (slash === -1) {
    const origin = origins.get(text);
    if (origin !== undefined) return { url: `${text}/`, path: '/', ...origin };
  } else {
    const origin = origins.get(text.slice(0, slash));
    const path = text.slice(slash);
    if (origin !== undefined && PLAIN_PATH.test(path) && !DOTS.test(path)) {
      return { url: text, path, ...origin };
    }
  }
  return parseUrl(text);
}

/**
 * Reads a URL that may be relative to a base.
 *
 * @throws `InvalidInputError` as {@link parseTarget}, and for a relative URL that leads to another origin than its base.
 */
export function resolveTarget(url: string | URL, base: Target): Target {
  if (typeof url !== 'string') return parseTarget(url);
  if (/^[a-z][a-z0-9+.-]*:/i.test(url)) return parseTarget(url);
  const resolved = readUrl(url, base.url);
  const target = targetOf(resolved);
  if (target.origin === base.origin) return target;
  throw new InvalidInputError(
    'request: expected `url` to stay on the origin of `baseUrl`, got a relative URL that names another host; give it whole',
    'request',
  );
}

/** Adds to the query of a target. */
export function withQuery(target: Target, query: string): Target {
  if (query === '') return target;
  const isFirst = !target.path.includes('?');
  const join = isFirst ? '?' : /[?&]$/.test(target.path) ? '' : '&';
  const path = `${target.path}${join}${query}`;
  const hash = /#.*$/s.exec(target.url)?.[0] ?? '';
  return { ...target, url: `${target.origin}${path}${hash}`, path };
}

function parseUrl(text: string): Target {
  return targetOf(readUrl(text, undefined));
}

/** Shows nothing of the URL: it may hold credentials. */
function readUrl(text: string, base: string | undefined): URL {
  try {
    return new URL(text, base);
  } catch {
    throw invalidInput('request', 'url', EXPECTED, withoutSecrets(text));
  }
}

/** The start of a text that is no URL, as far as it can hold no credentials and no query. */
function withoutSecrets(text: string): string {
  return (/^[^@?#]*(?=[?#]|$)/.exec(text)?.[0] ?? '').slice(0, 64);
}

function targetOf(url: URL): Target {
  if (url.protocol === 'unix:' || url.protocol === 'http+unix:') return unixTarget(url);
  if (url.protocol !== 'http:' && url.protocol !== 'https:') {
    throw invalidInput('request', 'url', SCHEMES, url.protocol.slice(0, 32));
  }
  const isSecure = url.protocol === 'https:';
  const port = url.port === '' ? (isSecure ? '443' : '80') : url.port;
  const origin: Origin = {
    origin: url.origin,
    host: url.host,
    address: `${url.hostname}:${port}`,
    isSecure,
  };
  const path = `${url.pathname}${url.search}`;
  if (url.username === '' && url.password === '') {
    if (origins.size < MAX_ORIGINS) origins.set(url.origin, origin);
    return { url: url.href, path, ...origin };
  }
  const authorization = basicCredentials(decoded(url.username), decoded(url.password));
  url.username = '';
  url.password = '';
  return { url: url.href, path, ...origin, authorization };
}

function decoded(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // A bare percent sign.
    return text;
  }
}

/** `http+unix://%2Frun%2Fd.sock/path`, and `unix:/run/d.sock:/path` as in got. */
function unixTarget(url: URL): Target {
  const { pathname, search, hash } = url;
  const colon = url.protocol === 'unix:' ? pathname.indexOf(':') : -1;
  const isShort = url.protocol === 'unix:';
  const socket = decoded(isShort ? pathname.slice(0, colon === -1 ? undefined : colon) : url.host);
  const rest = isShort ? (colon === -1 ? '' : pathname.slice(colon + 1)) : pathname;
  if (socket === '' || (isShort && url.host !== '')) {
    const expected = 'http+unix://%2Fpath%2Fof%2Fsocket/path or unix:/path/of/socket:/path';
    throw invalidInput('request', 'url', expected, url.protocol);
  }
  const path = `${rest === '' ? '/' : rest}${search}`;
  const origin = `http+unix://${encodeURIComponent(socket)}`;
  return {
    url: `${origin}${path}${hash}`,
    origin,
    path,
    host: 'localhost',
    address: { path: socket },
    isSecure: false,
  };
}
