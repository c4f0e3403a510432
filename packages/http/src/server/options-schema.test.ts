import { describe, expect, test } from '@jest/globals';
import { serve } from './server.ts';
import { HttpResponse } from '../message/response.ts';
import type { ServeOptions } from './options.ts';

const refused = async (options: unknown): Promise<unknown> =>
  serve(() => HttpResponse.text('hello'), options as ServeOptions).catch((error: unknown) => error);

describe('a wrong option of serve', () => {
  test.each<[object, string]>([
    [{ host: '' }, 'expected `host` to be at least 1, got "" (string)'],
    [{ port: 70_000 }, 'expected `port` to be at most 65535, got 70000 (number)'],
    [{ port: '80' }, 'expected `port` to be of type number, got "80" (string)'],
    [
      { clock: {} },
      'expected `clock` to be an object with a method setTimer, got a value of type object',
    ],
    [{ onEvent: 5 }, 'expected `onEvent` to be a function, got 5 (number)'],
    [{ retryAfter: 0.5 }, 'expected `retryAfter` to be a whole number, got 0.5 (number)'],
    [
      { retryAfter: Infinity },
      'expected `retryAfter` to be a finite number, got Infinity (number)',
    ],
    [{ maxConnections: 0 }, 'expected `maxConnections` to be at least 1, got 0 (number)'],
    [
      { deadlines: { idle: 'long' } },
      'expected `deadlines.idle` to be a number in range, or Infinity, got "long" (string)',
    ],
    [
      { limits: { bodyMinRate: -1 } },
      'expected `limits.bodyMinRate` to be at least 0, got -1 (number)',
    ],
    [
      { proxyProtocol: { trusted: [1] } },
      'expected `proxyProtocol.trusted.0` to be of type string, got 1 (number)',
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
        'serve: expected `port` to be at least 0, got -5 (number); unknown option `prot`: did you mean `port`?',
    });
  });
});
