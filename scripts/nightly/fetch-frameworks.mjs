/**
 * Frameworks that take a `Request` and give a `Response`, served by `serve({ fetch })`, and called with Node's `fetch` and that of a client
 * (`createFetch`): GraphQL Yoga, tRPC, oRPC and Elysia, with their streams, uploads and subscriptions.
 *
 *   node scripts/nightly/fetch-frameworks.mjs [--folder FOLDER]
 *
 * Installs the frameworks with npm, into a temporary folder unless `--folder` names one, which is kept. Needs a build (`pnpm build`).
 * Everything is on 127.0.0.1.
 */
import assert from 'node:assert/strict';
import { setTimeout as sleep } from 'node:timers/promises';
import { createFetch, HttpClient, serve } from '../../packages/http/dist/index.js';
import { installLibraries } from '../lib/libraries.mjs';

const { load, versionOf } = installLibraries([
  'graphql',
  'graphql-yoga',
  '@trpc/server',
  '@trpc/client',
  '@orpc/server',
  '@orpc/client',
  'elysia',
]);
const LIMIT = 30_000;
const client = new HttpClient();
const fetches = { 'fetch of Node': fetch, createFetch: createFetch(client) };

const JSON_BODY = { 'Content-Type': 'application/json' };

const checks = {
  async 'graphql-yoga'(call) {
    const { createSchema, createYoga } = await load('graphql-yoga');
    let end;
    const ended = new Promise((resolve) => {
      end = resolve;
    });
    const typeDefs = 'type Query { hello: String } type Subscription { count: Int, ever: Int }';
    const resolvers = {
      Query: { hello: () => 'world' },
      Subscription: {
        count: {
          async *subscribe() {
            for (const count of [1, 2, 3]) yield { count };
          },
        },
        ever: {
          async *subscribe() {
            try {
              for (let ever = 0; ; ever += 1) {
                await sleep(20);
                yield { ever };
              }
            } finally {
              end();
            }
          },
        },
      },
    };
    const yoga = createYoga({ schema: createSchema({ typeDefs, resolvers }), logging: false });
    await served(yoga, async (url) => {
      const body = JSON.stringify({ query: '{ hello }' });
      const answer = await call(`${url}/graphql`, { method: 'POST', headers: JSON_BODY, body });
      assert.deepEqual(await answer.json(), { data: { hello: 'world' } });
      const subscribe = (field, signal) =>
        call(`${url}/graphql?query=subscription{${field}}`, {
          headers: { Accept: 'text/event-stream' },
          signal,
        });
      const events = await (await subscribe('count')).text();
      assert.equal(events.match(/event: next/g)?.length, 3);
      const abort = new AbortController();
      const reader = (await subscribe('ever', abort.signal)).body.getReader();
      await reader.read();
      abort.abort();
      await assert.rejects(reader.read());
      await ended;
    });
  },

  async '@trpc/server'(call) {
    const { initTRPC } = await load('@trpc/server');
    const { fetchRequestHandler } = await load('@trpc/server/adapters/fetch');
    const { createTRPCClient, httpBatchLink, httpBatchStreamLink, httpLink } =
      await load('@trpc/client');
    const { router, procedure } = initTRPC.create();
    const app = router({
      add: procedure.input((pair) => pair).query(({ input: [a, b] }) => a + b),
      numbers: procedure.query(async function* numbers() {
        yield* [1, 2, 3];
      }),
      size: procedure.input((form) => form).mutation(({ input }) => input.get('file').size),
    });
    const fetchApp = (req) =>
      fetchRequestHandler({ endpoint: '/trpc', req, router: app, createContext: () => ({}) });
    await served(fetchApp, async (url) => {
      const to = (link) => createTRPCClient({ links: [link({ url: `${url}/trpc`, fetch: call })] });
      const batched = to(httpBatchLink);
      assert.deepEqual(
        await Promise.all([batched.add.query([1, 2]), batched.add.query([3, 4])]),
        [3, 7],
      );
      const numbers = [];
      for await (const number of await to(httpBatchStreamLink).numbers.query())
        numbers.push(number);
      assert.deepEqual(numbers, [1, 2, 3]);
      const form = new FormData();
      form.set('file', new Blob(['x'.repeat(1_000_000)]), 'file.txt');
      assert.equal(await to(httpLink).size.mutate(form), 1_000_000);
    });
  },

  async '@orpc/server'(call) {
    const { os } = await load('@orpc/server');
    const { RPCHandler } = await load('@orpc/server/fetch');
    const { createORPCClient } = await load('@orpc/client');
    const { RPCLink } = await load('@orpc/client/fetch');
    const handler = new RPCHandler({
      hello: os.handler(({ input }) => `hello ${input}`),
      numbers: os.handler(async function* numbers() {
        yield* [1, 2];
      }),
      file: os.handler(({ input }) => new File([input], 'file.txt')),
    });
    const fetchApp = async (request) => {
      const { matched, response } = await handler.handle(request, { prefix: '/rpc', context: {} });
      return matched ? response : new Response('Not Found', { status: 404 });
    };
    await served(fetchApp, async (url) => {
      const api = createORPCClient(
        new RPCLink({ url: `${url}/rpc`, fetch: (request, init) => call(request, init) }),
      );
      assert.equal(await api.hello('world'), 'hello world');
      const numbers = [];
      for await (const number of await api.numbers()) numbers.push(number);
      assert.deepEqual(numbers, [1, 2]);
      assert.equal(await (await api.file('text')).text(), 'text');
    });
  },

  async elysia(call) {
    const { Elysia } = await load('elysia');
    const app = new Elysia()
      .get('/items/:id', ({ params }) => params.id)
      .post('/items', ({ body }) => body)
      .get('/stream', function* stream() {
        yield 'a';
        yield 'b';
      })
      .onError(({ code }) => `failed: ${code}`);
    await served(app.fetch, async (url) => {
      assert.equal(await (await call(`${url}/items/7`)).text(), '7');
      const posted = { method: 'POST', headers: JSON_BODY, body: '{"name":"bolt"}' };
      assert.deepEqual(await (await call(`${url}/items`, posted)).json(), { name: 'bolt' });
      assert.match(await (await call(`${url}/stream`)).text(), /a[^]*b/);
      assert.equal(await (await call(`${url}/none`)).text(), 'failed: NOT_FOUND');
    });
  },
};

/** Serves it on a free port for as long as `use` takes; what it leaves open fails the shutdown. */
async function served(fetchApp, use) {
  const server = await serve({ fetch: fetchApp }, { host: '127.0.0.1', port: 0 });
  try {
    await use(server.url.replace(/\/$/, ''));
  } finally {
    await server.shutdown();
  }
}

let failed = 0;
for (const [name, check] of Object.entries(checks)) {
  for (const [way, call] of Object.entries(fetches)) {
    const limit = new Promise((_resolve, reject) => {
      setTimeout(reject, LIMIT, new Error(`not done within ${LIMIT} ms`)).unref();
    });
    try {
      await Promise.race([check(call), limit]);
      console.log(`ok      ${name} ${versionOf(name)}, ${way}`);
    } catch (error) {
      failed += 1;
      console.log(`FAILED  ${name}, ${way}\n${error.stack}`);
    }
  }
}
await client.close();
process.exit(failed === 0 ? 0 : 1);
