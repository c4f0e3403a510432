/** Attributes of the semantic conventions for HTTP (the stable ones, version 1.23 and later). */

import type { Attributes } from '@opentelemetry/api';

/** RFC 9110, and PATCH of RFC 5789. */
export const KNOWN_METHODS: readonly string[] = [
  'CONNECT',
  'DELETE',
  'GET',
  'HEAD',
  'OPTIONS',
  'PATCH',
  'POST',
  'PUT',
  'TRACE',
];

/** The boundaries of durations, in seconds. */
export const DURATION_BOUNDARIES: number[] = [
  0.005, 0.01, 0.025, 0.05, 0.075, 0.1, 0.25, 0.5, 0.75, 1, 2.5, 5, 7.5, 10,
];

/** A method as spans and metrics name it. */
export interface MethodNames {
  /** `http.request.method` */
  readonly method: string;
  /** The first word of the span's name. */
  readonly name: string;
  /** `http.request.method_original`, when it differs. */
  readonly original: Attributes;
}

export function methodNames(method: string, known: ReadonlySet<string>): MethodNames {
  return known.has(method)
    ? { method, name: method, original: {} }
    : { method: '_OTHER', name: 'HTTP', original: { 'http.request.method_original': method } };
}

/** `server.address` and `server.port`. */
export interface Place {
  readonly address: string;
  readonly port: number | undefined;
}

/** The server that an origin, such as `https://name:8443`, names. */
export function placeOf(origin: string): Place | undefined {
  if (!URL.canParse(origin)) return undefined;
  const { protocol, hostname, port } = new URL(origin);
  if (protocol.includes('unix')) return { address: decoded(hostname), port: undefined };
  const address = hostname.replace(/^\[(.*)\]$/, '$1');
  if (port !== '') return { address, port: Number(port) };
  return { address, port: protocol === 'https:' ? 443 : 80 };
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

export function placeAttributes(place: Place | undefined): Attributes {
  if (place === undefined) return {};
  const { address, port } = place;
  return { 'server.address': address, ...(port === undefined ? {} : { 'server.port': port }) };
}

const CODE = /^[A-Z][A-Z0-9_]{0,63}$/;
const NAME = /^[A-Za-z_$][\w$]{0,63}$/;

/** `error.type` of a failure: its code, or the name of its class. Never its message, which may hold anything. */
export function errorType(error: unknown): string {
  try {
    const { code, name } = Object(error) as { readonly code?: unknown; readonly name?: unknown };
    if (typeof code === 'string' && CODE.test(code)) return code;
    if (typeof name === 'string' && NAME.test(name)) return name;
  } catch {
    // A getter that throws.
  }
  return '_OTHER';
}
