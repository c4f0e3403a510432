/**
 * A request, and what the network panel of DevTools gets of it, by an inspector session of the same process.
 *
 *   node --experimental-network-inspection devtools.mjs
 */
import { Session } from 'node:inspector';
import { HttpClient, HttpResponse, serve } from '@awaitio/http';
import { showInDevTools } from '@awaitio/http/batteries';

const session = new Session();
session.connect();
const events = [];
for (const name of ['requestWillBeSent', 'responseReceived', 'loadingFinished', 'loadingFailed']) {
  session.on(`Network.${name}`, ({ params }) => events.push({ name, params }));
}
session.post('Network.enable');

let stop;
try {
  stop = showInDevTools();
} catch (error) {
  console.log(error.code, error.message);
  process.exit();
}
const server = await serve(
  (request) => {
    if (request.path === '/cut') throw new Error('cut');
    return HttpResponse.text('hello', { headers: { 'Set-Cookie': 'PLANTED' } });
  },
  { port: 0, onError: () => {} },
);
const client = new HttpClient();
const headers = { Cookie: 'PLANTED', Authorization: 'PLANTED', 'X-Own': 'shown' };
await (await client.get(`${server.url}a?b=c`, { headers })).text();
await client.get('http://127.0.0.1:1/').catch(() => {});
stop();
await (await client.get(`${server.url}unseen`)).text();
await client.close();
await server.shutdown();
session.disconnect();

const story = events.map(({ name, params }) => {
  const { requestId, request, response, errorText } = params;
  const url = (request ?? response)?.url.replace(server.url, '/');
  const fields = (request ?? response)?.headers;
  const shown = [fields?.['x-own'], fields?.['content-type'], fields?.cookie].filter(Boolean);
  return [requestId, name, request?.method, url, response?.status, errorText, ...shown]
    .filter((each) => each !== undefined)
    .join(' ');
});
console.log(story.toSorted().join('\n'));
console.log(JSON.stringify(events).includes('PLANTED') ? 'with secrets' : 'without secrets');
