/** In place of itty-router's `Router.ts`, in its own tests: a request is sent to `serve` over a socket, and handled there. */
import { Router as Real } from './RealRouter';
import { createFetch, HttpClient, serve } from 'awaitio-under-test';

export * from './RealRouter';

const NAME = 'x-call';
const calls = new Map();
const fetch = createFetch(new HttpClient());
const server = await serve(
  {
    fetch: async (request) => {
      const call = calls.get(request.headers.get(NAME));
      // What a test adds to its request, such as a proxy of it.
      Object.assign(request, call.extra);
      try {
        call.result = await call.handle(request, ...call.args);
      } catch (error) {
        call.failure = { error };
      }
      return call.result instanceof Response ? call.result : new Response(null, { status: 204 });
    },
  },
  { port: 0 },
);

export function Router(options) {
  const router = Real(options);
  const { handle } = router;
  const send = async (given, ...args) => {
    const id = String(calls.size);
    const isRequest = given instanceof Request;
    const {
      method = 'GET',
      url,
      headers,
      body,
      ...extra
    } = isRequest ? { ...partsOf(given) } : given;
    const call = { handle, args, extra };
    calls.set(id, call);
    const { pathname, search } = new URL(url);
    const sent = new Headers(headers);
    sent.set(NAME, id);
    const response = await fetch(new URL(pathname + search, server.url), {
      method: method.toUpperCase(),
      headers: sent,
      redirect: 'manual',
      ...(body !== undefined && body !== null && { body: isRequest ? await given.text() : body }),
    });
    if (call.failure !== undefined) throw call.failure.error;
    return call.result instanceof Response ? response : call.result;
  };
  return new Proxy(router, {
    get: (target, name) =>
      name === 'handle' || name === 'fetch' ? send : Reflect.get(target, name),
  });
}

function partsOf({ method, url, headers, body }) {
  return { method, url, headers, body };
}
