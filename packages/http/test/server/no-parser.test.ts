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
await new Promise((resolve) => setTimeout(resolve, 20));
console.log('alive');
`;

const SIMULATION = `
import { simulate } from '@awaitio/core/testing';
const { virtualTime } = await simulate({}, ({ clock }) => clock.sleep(5));
await new Promise((resolve) => setTimeout(resolve, 20));
console.log('simulated', virtualTime);
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

const twice = (line: string): string => `${line}\n${line}\n`;

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

  test('a simulation of a program without HTTP runs', () => {
    expect(run(['--jitless'], undefined, SIMULATION)).toBe('simulated 5\n');
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

  test('there is room with the flag that the message names', () => {
    expect(run(['--disable-wasm-trap-handler'], 6_000_000)).toMatch(/^listening\nAddressError: /);
  });
});
