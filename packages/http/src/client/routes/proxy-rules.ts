/**
 * Which proxy a request goes through: one that is given, or by the variables of the environment.
 *
 * There is no standard for the variables; these are the rules on which curl, Go and Python agree. Names in lower case come before
 * those in upper case. `http_proxy` is for `http:` URLs, `https_proxy` for `https:`, `all_proxy` for those without their own.
 * `HTTP_PROXY` is ignored in a CGI program, where a client could set it (CVE-2016-5385). `no_proxy` is a list, by commas or blanks,
 * of `*`, of names that stand for themselves and all names below them, of addresses and of networks, each with or without a
 * port.
 */

import { AddressList } from '@awaitio/core';
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

/** Reads the URL of a proxy; `source` names the option or the variable. @throws when it is none */
export type ReadProxy = (source: string, text: string) => Proxy;

/** The variables of the environment. */
export type Environment = Readonly<Record<string, string | undefined>>;

export class ProxyRules {
  readonly #http: Named | undefined;
  readonly #https: Named | undefined;
  readonly #except: (host: string, port: string) => boolean;

  /**
   * @param proxy - The proxy of every request; `undefined` for those of the environment.
   * @param read - Reads a URL: handed in, so that what is loaded with every client need not be shared with what is not.
   */
  constructor(proxy: Proxy | undefined, environment: Environment, read: ReadProxy) {
    if (proxy !== undefined) {
      this.#http = () => proxy;
      this.#https = this.#http;
      this.#except = () => false;
      return;
    }
    const isCgi = environment['REQUEST_METHOD'] !== undefined;
    const http = isCgi ? ['http_proxy'] : ['http_proxy', 'HTTP_PROXY'];
    const all = ['all_proxy', 'ALL_PROXY'];
    this.#http = named(environment, [http, all], read);
    this.#https = named(environment, [['https_proxy', 'HTTPS_PROXY'], all], read);
    this.#except = exceptions(environment['no_proxy'] ?? environment['NO_PROXY'] ?? '');
  }

  /**
   * The proxy for a target; `undefined` for none.
   *
   * @throws `InvalidInputError`, which shows no credentials, when the variable for it is no `http:` or `https:` URL
   */
  for({ address, isSecure }: Target): Proxy | undefined {
    const proxy = isSecure ? this.#https : this.#http;
    if (proxy === undefined || typeof address !== 'string') return undefined;
    const colon = address.lastIndexOf(':');
    const host = address.slice(0, colon).replaceAll(/[[\]]/g, '').replace(/\.$/, '').toLowerCase();
    return this.#except(host, address.slice(colon + 1)) ? undefined : proxy();
  }
}

/** A proxy that is read when a request is to go through it: a variable that is wrong is no matter of others. */
type Named = () => Proxy;

/** The proxy of the first variable that is set; of two spellings, the first that is there counts, also an empty one. */
function named(
  environment: Environment,
  variables: readonly (readonly string[])[],
  read: ReadProxy,
): Named | undefined {
  for (const spellings of variables) {
    const name = spellings.find((each) => environment[each] !== undefined);
    const text = name === undefined ? undefined : environment[name];
    if (name === undefined || text === undefined || text === '') continue;
    let proxy: Proxy | undefined;
    return () => (proxy ??= read(name, text));
  }
  return undefined;
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
