/** What `serve` and a client say where llhttp cannot start: each in a separate process. */
import { describe, expect, test } from '@jest/globals';
import { spawnSync } from 'node:child_process';
import { describeIf } from '../../../core/test/support/capabilities.ts';

/** Listens, or prints why not; and the same for a request. */
const PROGRAM = `
import { HttpClient, serve } from '@awaitio/http';
const say = (error) => console.log(error.name + ': ' + error.message);
const served = await serve(() => undefined).catch(say);
if (served !== undefined) console.log('listening');
await served?.shutdown();
const client = new HttpClient();
await client.get('http://127.0.0.1:9/').catch(say);
await client.close();
`;

/** What says so too: it must not touch the `fetch` of Node first, whose parser ends the process. */
const OTHERS = `
import { HttpConnection, serve } from '@awaitio/http';
const say = (error) => console.log(error.name + ': ' + error.message);
await serve({ fetch: () => new Response('x') }).catch(say);
try {
  new HttpConnection('server').receive(Buffer.from('GET'));
} catch (error) {
  say(error);
}
// It comes when nothing is left to do, and not to a process that an error has ended.
process.once('beforeExit', () => console.log('alive'));
`;

/** Nothing that is imported loads the `fetch` of Node. */
const IMPORTS = `
for (const name of ['', '/batteries', '/websocket', '/contract', '/otel', '/inspect', '/hono', '/crossws']) {
  await import('@awaitio/http' + name);
}
for (const name of ['', '/sync', '/testing', '/lowlevel']) await import('@awaitio/core' + name);
await new Promise((resolve) => setTimeout(resolve, 20));
console.log('undici is loaded: ' + (Symbol.for('undici.globalDispatcher.1') in globalThis));
`;

const SIMULATION = `
import { simulate } from '@awaitio/core/testing';
import '@awaitio/http/batteries';
const { virtualTime } = await simulate({}, ({ clock }) => clock.sleep(5));
process.once('beforeExit', () => console.log('simulated', virtualTime));
`;

const PROBLEM = `
import { HttpProblem } from '@awaitio/http';
try {
  console.log('a ' + new HttpProblem(404).getResponse().constructor.name);
} catch (error) {
  console.log(error.name + ': ' + error.message);
}
await new Promise((resolve) => setTimeout(resolve, 20));
console.log('alive');
`;

/** All that needs the `fetch` of Node, beside handlers that do not. */
const WEB = `
import { createFetch, HttpClient, HttpProblem, HttpResponse, serve } from '@awaitio/http';
import { fetchHandler, formData } from '@awaitio/http/batteries';
import { connectWebSocket, webSocket } from '@awaitio/http/websocket';
const short = (error) => /no memory for Request/.test(error?.message) ? 'no memory' : String(error);
const say = (name, result) => console.log(name + ': ' + result);
const wanted = {
  '/native': (request) => request.text(),
  '/parts': async (request) => (await request.bytes()).length,
  '/problem': () => new HttpProblem(404).getResponse().status,
  '/headers': (request) => request.headers.toWeb().get('x'),
  '/form': async (request) => (await formData(request)).get('a'),
  '/own-form': async (request) => (await request.form()).get('a'),
};
const server = await serve(async (request, context) => {
  if (request.path === '/socket') {
    const socket = await webSocket(request, context);
    socket.toEventTarget().onmessage = async ({ data, origin, type }) => {
      await socket.send(type + ' ' + data + ' ' + typeof origin);
      await socket.close();
    };
    await socket.closed;
    return;
  }
  if (request.path === '/application') return fetchHandler({ fetch: () => new Response('x') })(request, context);
  return HttpResponse.text(String(await wanted[request.path](request)));
}, { onError: (error) => say('onError', short(error)) });
const client = new HttpClient();
for (const path of [...Object.keys(wanted), '/application']) {
  const response = await client.request('POST', server.url + path.slice(1), {
    body: 'a=b',
    headers: { x: 'y', 'content-type': 'application/x-www-form-urlencoded' },
  });
  say(path, response.status + ' ' + (response.status === 200 ? await response.text() : ''));
}
const socket = await connectWebSocket(server.url + 'socket');
await socket.send('hello');
say('socket', await socket.receive());
await socket.closed;
const why = (error) => short(error.cause ?? error);
const known = (promise) => promise.then((response) => response.status, why);
say('createFetch', await known(createFetch(client)(server.url + 'native', { method: 'POST', body: 'x' })));
say('server.fetch', await known(server.fetch(server.url + 'native', { method: 'POST', body: 'x' })));
say('serve', await serve({ fetch: () => new Response('x') }).then((other) => other.shutdown(), why));
await client.close();
await server.shutdown();
console.log('alive');
`;

function run(flags: readonly string[], limit?: number, source = PROGRAM): string {
  const args = [...flags, '--conditions=bundled', '--input-type=module', '--eval', source];
  const [program, rest]: readonly [string, readonly string[]] =
    limit === undefined
      ? [process.execPath, args]
      : ['/bin/sh', ['-c', `ulimit -v ${limit} && exec "$0" "$@"`, process.execPath, ...args]];
  const { stdout } = spawnSync(program, rest, {
    cwd: new URL('../..', import.meta.url),
    encoding: 'utf8',
    timeout: 15_000,
  });
  return stdout;
}

/** Whether the `fetch` of this Node starts a parser as soon as it is loaded, as undici did before 7.12. */
const STARTS_PARSER = /^(?:[0-6]|7\.(?:\d|1[01]))\./.test(process.versions['undici'] ?? '');

const twice = (line: string): string => `${line}\n${line}\n`;

const WITH_ONE_PARSER = `/native: 200 a=b
/parts: 200 3
onError: no memory
/problem: 500 
onError: no memory
/headers: 500 
onError: no memory
/form: 500 
onError: no memory
/own-form: 500 
onError: no memory
/application: 500 
socket: message hello string
createFetch: no memory
server.fetch: no memory
serve: no memory
alive
`;

const WITH_BOTH = `/native: 200 a=b
/parts: 200 3
/problem: 200 404
/headers: 200 y
/form: 200 b
/own-form: 200 b
/application: 200 x
socket: message hello string
createFetch: 200
server.fetch: 200
serve: [object Object]
alive
`;

test('no entry loads the fetch of Node', () => {
  expect(run([], undefined, IMPORTS)).toBe('undici is loaded: false\n');
});

describe('without a parser', () => {
  test('serve rejects, and so does a request, where WebAssembly is switched off', () => {
    expect(run(['--jitless'])).toBe(
      twice(
        'Error: @awaitio/http: the HTTP parser needs WebAssembly, which this process does not have; start node without --jitless and --no-expose-wasm',
      ),
    );
  });

  test('an application with fetch and the protocol alone say so too', () => {
    const needs =
      'Error: @awaitio/http: the HTTP parser needs WebAssembly, which this process does not have; start node without --jitless and --no-expose-wasm';
    expect(run(['--jitless'], undefined, OTHERS)).toBe(`${twice(needs)}alive\n`);
  });

  test('a simulation of a program that sends no HTTP runs', () => {
    expect(run(['--jitless'], undefined, SIMULATION)).toBe('simulated 5\n');
  });

  test('a problem says that it cannot be a Response of this Node, or is one', () => {
    expect(run(['--jitless'], undefined, PROBLEM)).toBe(
      STARTS_PARSER
        ? 'Error: getResponse: Request, Response, Headers and FormData of this Node need WebAssembly, which this process does not have; start node without --jitless and --no-expose-wasm\nalive\n'
        : 'a Response\nalive\n',
    );
  });
});

test('serve rejects, and so does a request, where V8 gives WebAssembly less memory than the parser needs', () => {
  const printed = run(['--wasm-max-mem-pages=1']);
  expect(printed).toMatch(
    /^(?:Error: @awaitio\/http: there is no memory .*--wasm-max-mem-pages.*\n){2}$/,
  );
});

describeIf('address limits')('without room for the parser’s memory', () => {
  test('serve rejects, and so does a request', () => {
    const rejected = twice(
      'Error: @awaitio/http: there is no memory for the HTTP parser, for which V8 reserves 10 GB of addresses; raise the limit of this process (ulimit -v, --wasm-max-mem-pages), or start node with --disable-wasm-trap-handler',
    );
    const printed = run([], 6_000_000);
    // A newer V8 does without the reservation when there is no room for it: then the server listens.
    const isServed = printed.startsWith('listening\nAddressError: ');
    expect(isServed || printed === rejected ? 'as it should' : printed).toBe('as it should');
    expect(isServed && Number(process.versions.node.split('.')[0]) < 24).toBe(false);
  });

  test('handlers go on where there is room for one parser, and what needs that of Node too says so', () => {
    expect(run([], 14_000_000, WEB)).toBe(STARTS_PARSER ? WITH_ONE_PARSER : WITH_BOTH);
  });

  test('a simulation runs where there is room for one parser, and where there is room for none', () => {
    expect(run([], 14_000_000, SIMULATION)).toBe('simulated 5\n');
    expect(run([], 6_000_000, SIMULATION)).toBe('simulated 5\n');
  });

  test('there is room with the flag that the message names', () => {
    expect(run(['--disable-wasm-trap-handler'], 6_000_000)).toMatch(/^listening\nAddressError: /);
  });
});
