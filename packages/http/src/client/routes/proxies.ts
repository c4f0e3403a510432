/** The proxies of a client. Their rules are loaded when a client has any. */

import { lazy, type Lazy } from '@awaitio/core/lowlevel';
import type { proxyRoute } from './proxy-route.ts';
import type { Proxy, ProxyRules } from './proxy-rules.ts';
import { directRoute, secured, type Dialing, type Route } from './route.ts';
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

/** The proxies that are given, or those of the environment when the client was made. */
export class Proxies {
  readonly #option: string | URL;
  readonly #environment: Readonly<Record<string, string | undefined>>;
  #loaded: Parts | undefined;
  #rules: ProxyRules | undefined;

  constructor(option: string | URL) {
    this.#option = option;
    this.#environment = option === 'env' ? { ...process.env } : {};
  }

  /** Loads the rules, once. @throws `InvalidInputError` for a proxy that is no URL of one */
  load(): Promise<void> | undefined {
    return this.#rules === undefined ? this.#load() : undefined;
  }

  /** The proxy for a target, once the rules are loaded. */
  for(target: Target): Proxy | undefined {
    return this.#rules?.for(target);
  }

  /** The way to a target. */
  route(target: Target, dialing: Dialing): Route {
    const proxy = this.for(target);
    if (proxy === undefined || this.#loaded === undefined) return directRoute(target, dialing);
    return this.#loaded.proxyRoute(target, proxy, dialing, secured);
  }

  async #load(): Promise<void> {
    this.#loaded = parts.value ?? (await parts.load());
    this.#rules ??= new this.#loaded.ProxyRules(this.#option, this.#environment, parseTarget);
  }
}
