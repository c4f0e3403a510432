/** A readiness probe for load balancers, in front of any handler. */

import { checkFunction, checkOptions, rules, type OptionTable } from '@awaitio/core/lowlevel';
import { HttpResponse } from '../message/response.ts';
import type { Handler } from '../message/handler.ts';

/** Options of {@link withHealth}. */
export interface HealthOptions {
  /** The path of the probe; everything else goes to the handler. @default '/healthz' */
  readonly path?: string | undefined;
  /** Whether the application is ready, such as its database. @default always */
  readonly isReady?: (() => boolean | Promise<boolean>) | undefined;
}

const HEALTH_OPTIONS: OptionTable<HealthOptions> = {
  path: rules.text,
  isReady: rules.function,
};

/**
 * Responds to GET and HEAD of one path with 200 while the server is ready, and with 503 once its shutdown has begun.
 *
 * A load balancer must still reach the server to see that: `shutdown({ lameDuck })` keeps the listener open meanwhile.
 *
 * @example
 * ```ts
 * import { HttpResponse, serve, withHealth } from '@awaitio/http';
 *
 * const server = await serve(withHealth(() => HttpResponse.text('hello')), { port: 0 });
 * console.log((await fetch(`${server.url}healthz`)).status); // 200
 * await server.shutdown();
 * ```
 */
export function withHealth(handler: Handler, options?: HealthOptions): Handler {
  checkFunction('withHealth', 'handler', handler);
  if (options !== undefined) checkOptions('withHealth', options, HEALTH_OPTIONS);
  const path = options?.path ?? '/healthz';
  const isReady = options?.isReady;
  return (request, context) => {
    if (request.path !== path || (request.method !== 'GET' && request.method !== 'HEAD')) {
      return handler(request, context);
    }
    if (context.isDraining) return respond(false);
    const ready = isReady?.() ?? true;
    return typeof ready === 'boolean' ? respond(ready) : Promise.resolve(ready).then(respond);
  };
}

function respond(ready: boolean): HttpResponse {
  const headers = { 'Content-Type': 'text/plain; charset=utf-8', 'Cache-Control': 'no-store' };
  return new HttpResponse(ready ? 'ready\n' : 'not ready\n', {
    status: ready ? 200 : 503,
    headers,
  });
}
