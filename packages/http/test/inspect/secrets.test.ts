/** No secret of a request is in anything that the inspector shows. */
import { afterAll, beforeAll, describe, expect, test } from '@jest/globals';
import { TcpStream } from '@awaitio/core';
import { HttpClient, HttpResponse, serve, type HttpServer } from '../../src/index.ts';
import { inspect, type InspectorPage } from '../../src/inspect/index.ts';
import { perfettoTrace } from '../../src/inspect/looking/perfetto.ts';

const TOKEN = 'a-token-for-tests-only';
const KEY = { Authorization: `Bearer ${TOKEN}` };

let page: InspectorPage;
let client: HttpClient;
let address: string;
beforeAll(async () => {
  page = await inspect({ token: TOKEN, attentionAfter: 0, interval: 100 });
  client = new HttpClient();
  address = page.url.slice(0, page.url.indexOf('#') - 1);
});
afterAll(async () => {
  await client.close();
  await page.close();
});

async function ask(path: string): Promise<string> {
  return (await client.get(`${address}${path}`, { headers: KEY })).text();
}

describe('a secret', () => {
  const SECRET = 'hunter2secret';
  let server: HttpServer;
  beforeAll(async () => {
    server = await serve(
      async (request, context) => {
        if (request.path === '/hangs') {
          await new Promise((resolve) => {
            context.drainSignal.addEventListener('abort', resolve, { once: true });
          });
        }
        const body = await request.body.text();
        if (request.path === '/fails') throw new Error(`${SECRET} in an error`);
        return HttpResponse.text(body, {
          headers: { 'Set-Cookie': `a=${SECRET}`, 'X-Answer': SECRET },
        });
      },
      { port: 0, onError: () => {} },
    );
  });
  afterAll(async () => {
    await server.shutdown();
  });

  test('in a header, a query, a body or a cookie is shown nowhere', async () => {
    const headers = {
      Cookie: `s=${SECRET}`,
      Authorization: `Bearer ${SECRET}`,
      'X-Secret': SECRET,
    };
    const body = `${SECRET} in a body`;
    const post = (path: string): Promise<unknown> =>
      client.post(`${server.url}${path}?key=${SECRET}`, body, { headers });
    const live = await client.get(`${address}/live`, { headers: KEY });
    const messages = live.body[Symbol.asyncIterator]();
    let shown = '';
    const readMessage = async (): Promise<void> => {
      const { value } = await messages.next();
      shown += Buffer.from((value as Uint8Array | undefined) ?? []).toString();
    };
    await readMessage();
    await (await client.post(`${server.url}works?key=${SECRET}`, body, { headers })).text();
    await (await client.post(`${server.url}fails?key=${SECRET}`, body, { headers })).text();
    const hanging = post('hangs').catch(() => {});
    const { hostname, port } = new URL(server.url);
    for (const wrong of [
      `GET /?${SECRET} HTTP/1.1\r\nX: ${SECRET}\r\n\r\n`,
      `GET /${SECRET} ${SECRET}\r\n\r\n`,
      `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${SECRET}\r\n\r\n`,
    ]) {
      const stream = await TcpStream.connect({ host: hostname, port: Number(port) });
      await stream.writeAll(wrong);
      while ((await stream.readChunk()) !== null);
      await stream.close();
    }
    await readMessage();
    await readMessage();
    for (const path of ['/', '/json', '/recording', '/perfetto']) shown += await ask(path);
    shown += JSON.stringify([page.look(), page.record(), perfettoTrace(page.record())]);
    await live[Symbol.asyncDispose]();
    // Not as matchers of the text, whose failure would print all of it.
    expect([SECRET, TOKEN].filter((secret) => shown.includes(secret))).toEqual([]);
    const codes = ['ERR_HTTP_HOST', 'ERR_HTTP_MALFORMED', 'ERR_HTTP_CONTENT_LENGTH'];
    const seen = ['/works', '/fails', '/hangs', ...codes];
    expect(seen.filter((each) => !shown.includes(each))).toEqual([]);
    await server.shutdown({ grace: 1_000 });
    await hanging;
  });
});
