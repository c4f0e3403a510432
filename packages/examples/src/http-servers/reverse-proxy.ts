/**
 * A reverse proxy: requests go to the backends in turn. A request that failed goes to the next one, if it may be sent twice: the
 * client knows whether the failed backend can have seen it.
 *
 * Read first: `ask`.
 */

import {
  failedRequestOf,
  HttpClient,
  HttpProblem,
  HttpResponse,
  type ClientResponse,
  type HttpRequest,
} from '@awaitio/http';
import { passedOn } from '../support/passed-on.ts';
import { messageOf, readArguments } from '../support/program.ts';
import { serveHere } from '../support/serve-here.ts';

const given = readArguments({
  command: 'example reverse-proxy',
  role: 'listens',
  port: 1235,
  operands: { name: 'HOST:PORT', most: 10, help: 'the backends (default 127.0.0.1:1234)' },
});
const backends = given.operands.length > 0 ? given.operands : ['127.0.0.1:1234'];
// Its idle connections keep no process alive.
const client = new HttpClient({ maxRedirects: 0, decompress: false });

/** The longest body that is kept, in bytes. */
const SHORT = 65_536;
let turn = 0;
async function ask(request: HttpRequest): Promise<ClientResponse> {
  const { method, target, signal } = request;
  const { length = Infinity } = request.body;
  // A short body is read first, so that it can be sent again; a long one is streamed, once.
  const content = length <= SHORT ? await request.bytes() : request.body;
  const body = length === 0 ? undefined : content;
  const options = { headers: passedOn(request.headers), body, signal };
  for (let left = backends.length; ; left -= 1) {
    const backend = backends[(turn += 1) % backends.length];
    try {
      return await client.request(method, `http://${backend}/${target.slice(1)}`, options);
    } catch (error) {
      if (signal.aborted) throw error;
      console.log(`${backend}: ${messageOf(error)}`);
      const mayRepeat = failedRequestOf(error)?.isReplayable === true;
      if (left <= 1 || !mayRepeat) throw new HttpProblem(502, { cause: error });
    }
  }
}

await serveHere(
  given,
  async (request) => {
    const { status, headers, body } = await ask(request);
    return HttpResponse.stream(body, { status, headers: passedOn(headers) });
  },
  (url) => `curl ${url}, with \`pnpm example server\` at ${backends.join(' and ')}`,
);
