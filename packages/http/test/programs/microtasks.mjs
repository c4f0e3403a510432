/**
 * How often requests call the global `queueMicrotask`, which a test may have faked: one line for each.
 *
 * The fake counts and runs what it is given; one that runs nothing would hold up each call.
 */
import { HttpClient, HttpResponse, serve } from '@awaitio/http';

const { queueMicrotask } = globalThis;
let calls = 0;
globalThis.queueMicrotask = (callback) => {
  calls += 1;
  queueMicrotask(callback);
};

async function count(name, work) {
  calls = 0;
  const result = await work();
  console.log(`${name}: ${result}, ${calls === 0 ? 'none' : 'some'}`);
}

const post = { method: 'POST', body: 'a' };
await count('Request of Node', () => new Request('http://localhost/', post).text());
await count('Response of Node', () => new Response('b').text());

const streamed = () => new Response(new Blob(['c']).stream());
const application = {
  fetch: (request) => {
    const { pathname } = new URL(request.url);
    if (pathname === '/empty') return new Response(null, { status: 204 });
    return pathname === '/stream' ? streamed() : new Response('d');
  },
};
const native = await serve(async (request) => HttpResponse.text(await request.text()));
const web = await serve(application);
const client = new HttpClient();
const ask = (url, init) => async () => (await client.request('POST', url, init)).text();
await count('handler', ask(native.url, { body: 'e' }));
await count('application, no body', ask(`${web.url}empty`));
await count('application, a stream', ask(`${web.url}stream`));
await count('application, text', ask(web.url));
await client.close();
await native.shutdown();
await web.shutdown();
