import { describe, expect, test } from '@jest/globals';
import { serve } from './server.ts';
import { HttpResponse } from '../message/response.ts';
import type { ServeOptions } from './options.ts';

const refused = async (options: unknown): Promise<unknown> =>
  serve(() => HttpResponse.text('hello'), options as ServeOptions).catch((error: unknown) => error);

describe('a wrong option of serve', () => {
  test.each<[object, string]>([
    [{ host: '' }, 'expected `host` to be a non-empty string, got "" (string)'],
    [{ port: 70_000 }, 'expected `port` to be a whole number from 0 to 65535, got 70000 (number)'],
    [{ port: NaN }, 'expected `port` to be a whole number from 0 to 65535, got NaN (number)'],
    [
      { signal: new AbortController() },
      'expected `signal` to be an AbortSignal, got an object (AbortController)',
    ],
    [{ deadlines: 5 }, 'expected `deadlines` to be an object, got 5 (number)'],
    [
      { proxyProtocol: {} },
      'expected `proxyProtocol.trusted` to be a list of addresses, got undefined',
    ],
    [
      { proxyProtocol: 5 },
      'expected `proxyProtocol` to be an object with a list `trusted`, got 5 (number)',
    ],
    [
      { executor: Promise.resolve() },
      'expected `executor` to be an object with a method spawn, got an object (Promise): an `await` may be missing',
    ],
    [{ port: '80' }, 'expected `port` to be a whole number from 0 to 65535, got "80" (string)'],
    [
      { clock: {} },
      'expected `clock` to be an object with a method setTimer, got an object (Object)',
    ],
    [{ onEvent: 5 }, 'expected `onEvent` to be a function, got 5 (number)'],
    [{ retryAfter: 0.5 }, 'expected `retryAfter` to be a whole number from 0, got 0.5 (number)'],
    [
      { retryAfter: Infinity },
      'expected `retryAfter` to be a whole number from 0, got Infinity (number)',
    ],
    [
      { maxConnections: 0 },
      'expected `maxConnections` to be a whole number from 1, or Infinity, got 0 (number)',
    ],
    [
      { deadlines: { idle: 'long' } },
      'expected `deadlines.idle` to be a number from 0, or Infinity, got "long" (string)',
    ],
    [
      { limits: { bodyMinRate: -1 } },
      'expected `limits.bodyMinRate` to be a number from 0, or Infinity, got -1 (number)',
    ],
    [
      { proxyProtocol: { trusted: [1] } },
      'expected `proxyProtocol.trusted.0` to be a string, got 1 (number)',
    ],
    [{ prot: 80 }, 'unknown option `prot`: did you mean `port`?'],
    [{ deadlines: { idel: 5 } }, 'unknown option `deadlines.idel`: did you mean `deadlines.idle`?'],
    [{ keepAliveTimeout: 5 }, 'unknown option `keepAliveTimeout`: did you mean `deadlines.idle`?'],
    [
      { cert: 'c', key: 'k' },
      'unknown options `cert`, `key`: for TLS, pass a listener: `{ listener: await TlsListener.bind(address, { cert, key }) }`',
    ],
  ])('%j is refused with what was expected and what was given', async (options, text) => {
    expect(await refused(options)).toMatchObject({
      name: 'InvalidInputError',
      message: `serve: ${text}`,
    });
  });

  test.each<[object, string, string]>([
    [{ maxPendingHandlers: 5 }, 'maxPendingHandlers', ''],
    [
      { deadlines: { bodyMinRate: 240 } },
      'deadlines.bodyMinRate',
      ': did you mean `limits.bodyMinRate`?',
    ],
  ])('%j is unknown: it has another name, or place', async (options, name, advice) => {
    expect(await refused(options)).toMatchObject({
      name: 'InvalidInputError',
      message: `serve: unknown option \`${name}\`${advice}`,
    });
  });

  test.each([null, 5, 'text', () => {}])('%p in place of an object is refused', async (options) => {
    expect(await refused(options)).toMatchObject({
      name: 'InvalidInputError',
      message: expect.stringContaining('serve: expected `options` to be an object, got '),
    });
  });

  test('is named together with every other one', async () => {
    expect(await refused({ port: -5, prot: 80 })).toMatchObject({
      message:
        'serve: expected `port` to be a whole number from 0 to 65535, got -5 (number); unknown option `prot`: did you mean `port`?',
    });
  });
});
