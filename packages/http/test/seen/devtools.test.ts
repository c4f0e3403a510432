/** The network panel of DevTools, in a child process: it takes a flag. */
import { spawn } from 'node:child_process';
import { fileURLToPath } from 'node:url';
import { describe, expect, jest, test } from '@jest/globals';
import { headersOf, typeOf } from '../../src/devtools/headers.ts';

const PROGRAM = fileURLToPath(new URL('../programs/devtools.mjs', import.meta.url));
const FLAG = '--experimental-network-inspection';
/** In milliseconds: on a busy machine, starting a process takes most of it. */
const PATIENCE = 60_000;
jest.setTimeout(PATIENCE);

async function output(...flags: string[]): Promise<string[]> {
  const child = spawn(
    process.execPath,
    ['--conditions=bundled', '--no-warnings', ...flags, PROGRAM],
    {
      env: { ...process.env, NODE_OPTIONS: '' },
      stdio: ['ignore', 'pipe', 'inherit'],
      timeout: PATIENCE,
    },
  );
  let text = '';
  child.stdout.setEncoding('utf8').on('data', (chunk: string) => {
    text += chunk;
  });
  await new Promise((resolve) => child.once('close', resolve));
  return text.trim().split('\n');
}

describe('the network panel', () => {
  test('shows each request on both sides, without credentials', async () => {
    expect(await output(FLAG)).toEqual([
      'awaitio-1 loadingFinished',
      'awaitio-1 requestWillBeSent GET /a?b=c shown REDACTED',
      'awaitio-1 responseReceived /a?b=c 200 text/plain; charset=utf-8',
      'awaitio-2 loadingFinished',
      'awaitio-2 requestWillBeSent GET /a?b=c shown REDACTED',
      'awaitio-2 responseReceived /a?b=c 200 text/plain; charset=utf-8',
      'awaitio-3 loadingFailed ECONNREFUSED',
      'awaitio-3 requestWillBeSent GET http://127.0.0.1:1/',
      'without secrets',
    ]);
  });

  test('says which flag Node needs', async () => {
    expect(await output()).toEqual([
      `ERR_NO_NETWORK_INSPECTION showInDevTools: start Node with --inspect ${FLAG}, without which the panel shows nothing`,
    ]);
  });
});

test('fields of one name are the lines of one value, and credentials are hidden unless they are asked for', () => {
  const fields = ['A', '1', 'a', '2', 'Cookie', 'x', 'Set-Cookie', 'y', 'Set-Cookie', 'z'];
  expect(headersOf(fields, false)).toEqual({
    a: '1\n2',
    cookie: 'REDACTED',
    'set-cookie': 'REDACTED\nREDACTED',
  });
  expect(headersOf(fields, true)).toEqual({ a: '1\n2', cookie: 'x', 'set-cookie': 'y\nz' });
});

test.each([
  ['text/html; charset=utf-8', 'text/html', 'utf-8'],
  ['text/html;x=y; Charset="latin1"', 'text/html', 'latin1'],
  ['image/png', 'image/png', ''],
])('the type %s is %s in %s', (type, mimeType, charset) => {
  expect(typeOf(['Content-Type', type])).toEqual({ mimeType, charset });
});
