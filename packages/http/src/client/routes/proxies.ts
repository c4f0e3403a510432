/** The proxies of a client. Their rules are loaded when a client has any. */

import { InvalidInputError } from '@awaitio/core';
import { lazy, type Lazy } from '@awaitio/core/lowlevel';
import type { proxyRoute } from './proxy-route.ts';
import type { Proxy, ProxyRules } from './proxy-rules.ts';
import type { ClientTls, Secure } from './client-tls.ts';
import { directRoute, hostOf, type Dialing, type Route } from './route.ts';
import { parseTarget, type Target } from './target.ts';

interface Parts {
  readonly proxyRoute: typeof proxyRoute;
  readonly ProxyRules: typeof ProxyRules;
}

const parts: Lazy<Parts> = lazy(async () => {
  const [route, rules] = await Promise.all([
    import('./proxy-route.ts'),
    import('./proxy-rules.ts'),
  ]);
  return { proxyRoute: route.proxyRoute, ProxyRules: rules.ProxyRules };
});

/** What is for the server, and not for the proxy: its name, and who the client is. */
const FOR_SERVER: ReadonlySet<string> = new Set([
  'servername',
  'checkServerIdentity',
  'cert',
  'key',
  'pfx',
  'passphrase',
]);

/** The proxies that are given, or those of the environment when the client was made. */
export class Proxies {
  readonly #given: Proxy | undefined;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #loaded: Parts | undefined;
  #rules: ProxyRules | undefined;
  /** TLS to the proxies themselves. */
  #tls: ClientTls | undefined;
  readonly #toProxies = new Map<string, Secure>();

  /** @throws `InvalidInputError` for a proxy that is no URL of one; of the environment, with a request */
  constructor(option: string | URL) {
    this.#given = option === 'env' ? undefined : readProxy('proxy', String(option));
    this.#environment = option === 'env' ? { ...process.env } : {};
  }

  /** Loads the rules, once. */
  load(): Promise<void> | undefined {
    return this.#rules === undefined ? this.#load() : undefined;
  }

  /** The proxy for a target, once the rules are loaded. @throws `InvalidInputError` for a variable that is no URL of one */
  for(target: Target): Proxy | undefined {
    return this.#rules?.for(target);
  }

  /** The way to a target. */
  route(target: Target, dialing: Dialing): Route {
    const proxy = this.for(target);
    if (proxy === undefined || this.#loaded === undefined) return directRoute(target, dialing);
    const toTarget = dialing.tls.to(hostOf(target.address as string));
    const toProxy = this.#toProxy(proxy, dialing.tls);
    return this.#loaded.proxyRoute(target, proxy, { connect: dialing.connect, toProxy, toTarget });
  }

  /** The ways to all targets share the sessions with a proxy. */
  #toProxy({ origin, address }: Proxy, tls: ClientTls): Secure {
    const known = this.#toProxies.get(origin);
    if (known !== undefined) return known;
    this.#tls ??= tls.without(FOR_SERVER);
    const secure = this.#tls.to(hostOf(address));
    this.#toProxies.set(origin, secure);
    return secure;
  }

  async #load(): Promise<void> {
    this.#loaded = parts.value ?? (await parts.load());
    this.#rules ??= new this.#loaded.ProxyRules(this.#given, this.#environment, readProxy);
  }
}

/**
 * Reads the URL of a proxy; without a scheme, it is `http:`.
 *
 * @param source - The option or the variable that it stands in.
 * @throws `InvalidInputError`, which shows no more of it than its scheme: it may hold a password
 */
export function readProxy(source: string, text: string): Proxy {
  const scheme = /^([a-z][a-z0-9+.-]*:)\/\//i.exec(text)?.[1]?.toLowerCase();
  let target: Target | undefined;
  try {
    target = parseTarget(scheme === undefined ? `http://${text}` : text);
  } catch {
    // Worded below.
  }
  if (target === undefined || typeof target.address !== 'string') {
    const isWeb = scheme === undefined || scheme === 'http:' || scheme === 'https:';
    const got = isWeb ? 'something else, which is not shown' : `the scheme ${scheme.slice(0, 16)}`;
    const advice = source === 'proxy' ? '' : '; unset it, or name the host in `no_proxy`';
    throw new InvalidInputError(
      `HttpClient: expected \`${source}\` to be the URL of a proxy with the scheme http: or https:, got ${got}${advice}`,
      'HttpClient',
    );
  }
  const { origin, address, isSecure, authorization } = target;
  return { origin, address, isSecure, authorization };
}
