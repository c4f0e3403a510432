/**
 * Which proxy a request goes through: one that is given, or by the variables of the environment.
 *
 * There is no standard for the variables; these are the rules on which curl, Go and Python agree. Names in lower case come before
 * those in upper case. `http_proxy` is for `http:` URLs, `https_proxy` for `https:`, `all_proxy` for those without their own.
 * `HTTP_PROXY` is ignored in a CGI program, where a client could set it (CVE-2016-5385). `no_proxy` is a list, by commas or blanks,
 * of `*`, of names that stand for themselves and all names below them, of addresses and of networks, each with or without a
 * port.
 */

import { AddressList, InvalidInputError } from '@awaitio/core';
import type { Target } from './target.ts';

/** A proxy. */
export interface Proxy {
  /** Scheme, host and port. */
  readonly origin: string;
  /** `host:port`. */
  readonly address: string;
  /** Whether it is reached over TLS. */
  readonly isSecure: boolean;
  /** The value of `Proxy-Authorization`. */
  readonly authorization: string | undefined;
}

/** Reads a URL. @throws when it is none */
export type ReadTarget = (url: string) => Target;

/** The variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

export class ProxyRules {
  readonly #http: Proxy | undefined;
  readonly #https: Proxy | undefined;
  readonly #except: (host: string, port: string) => boolean;

  /**
   * @param read - Reads a URL: handed in, so that what is loaded with every client need not be shared with what is not.
   * @throws `InvalidInputError`, which shows no credentials, for a proxy that is no `http:` or `https:` URL
   */
  constructor(proxy: string | URL, environment: Environment, read: ReadTarget) {
    if (proxy !== 'env') {
      this.#http = proxyAt('proxy', String(proxy), read);
      this.#https = this.#http;
      this.#except = () => false;
      return;
    }
    const all = variable(environment, 'all_proxy');
    const isCgi = environment['REQUEST_METHOD'] !== undefined;
    const http = isCgi ? environment['http_proxy'] : variable(environment, 'http_proxy');
    const https = variable(environment, 'https_proxy');
    this.#http = fromEnvironment('http_proxy', isUnset(http) ? all : http, read);
    this.#https = fromEnvironment('https_proxy', isUnset(https) ? all : https, read);
    this.#except = exceptions(variable(environment, 'no_proxy') ?? '');
  }

  /** The proxy for a target; `undefined` for none. */
  for({ address, isSecure }: Target): Proxy | undefined {
    const proxy = isSecure ? this.#https : this.#http;
    if (proxy === undefined || typeof address !== 'string') return undefined;
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replaceAll(/[[\]]/g, '').replace(/\.$/, '').toLowerCase();
    return this.#except(host, address.slice(colon + 1)) ? undefined : proxy;
  }
}

function variable(environment: Environment, name: string): string | undefined {
  return environment[name] ?? environment[name.toUpperCase()];
}

function isUnset(value: string | undefined): boolean {
  return value === undefined || value === '';
}

function fromEnvironment(
  name: string,
  value: string | undefined,
  read: ReadTarget,
): Proxy | undefined {
  return value === undefined || value === '' ? undefined : proxyAt(name, value, read);
}

function proxyAt(name: string, text: string, read: ReadTarget): Proxy {
  let target: Target | undefined;
  try {
    target = read(/^[a-z][a-z0-9+.-]*:\/\//i.test(text) ? text : `http://${text}`);
  } catch {
    // Worded below: the text may hold a password.
  }
  if (target === undefined || typeof target.address !== 'string') {
    throw new InvalidInputError(
      `HttpClient: expected \`${name}\` to be the URL of a proxy with the scheme http: or https:, got something else, which is not shown`,
      'HttpClient',
    );
  }
  const { origin, address, isSecure, authorization } = target;
  return { origin, address, isSecure, authorization };
}

/** Reads `no_proxy`. */
function exceptions(list: string): (host: string, port: string) => boolean {
  const tests = list
    .toLowerCase()
    .split(/[\s,]+/)
    .filter((entry) => entry !== '')
    .map(exception);
  return (host, port) => tests.some((test) => test(host, port));
}

function exception(entry: string): (host: string, port: string) => boolean {
  if (entry === '*') return () => true;
  const networks = addresses(entry.replaceAll(/[[\]]/g, ''));
  if (networks !== undefined) return (host) => networks.hasHost(host);
  const [, name = entry, port] = /^(.*?)(?::(\d+))?$/.exec(entry) ?? [];
  const isPort = (other: string): boolean => port === undefined || port === other;
  const address = addresses(name.replaceAll(/[[\]]/g, ''));
  if (address !== undefined) return (host, other) => isPort(other) && address.hasHost(host);
  const suffix = name.replace(/^\*?\./, '').replace(/\.$/, '');
  return (host, other) => isPort(other) && (host === suffix || host.endsWith(`.${suffix}`));
}

/** The address or network that a text is. */
function addresses(text: string): AddressList | undefined {
  try {
    return text === 'unix' ? undefined : new AddressList([text]);
  } catch {
    return undefined;
  }
}
