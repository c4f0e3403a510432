import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, systemClock } from '@awaitio/core';
import * as fc from 'fast-check';
import { areCertainlyValid } from './options-fast-check.ts';
import { checkServeOptions } from './options-schema.ts';
import { SERVE_OPTIONS } from './options.ts';

describe('a quick look at the options of serve', () => {
  test.each<object>([
    {},
    { host: 'localhost', port: 0 },
    { deadlines: { idle: 1_000, handler: Infinity }, limits: { headerBytes: 1_000 } },
    { deadlines: {}, limits: {}, maxConnections: 5, onError: () => {}, clock: systemClock },
    { host: undefined, deadlines: undefined },
    { limits: { bodyBytes: 0, bodyMinRate: 0.5 }, retryAfter: 0, maxConcurrentRequests: 1 },
    { proxyProtocol: { trusted: ['10.0.0.0/8', 'unix'] } },
  ])('sees that %j is right', (options) => {
    expect(areCertainlyValid(options)).toBe(true);
    checkServeOptions(options);
  });

  test.each<object>([
    { unknown: 1 },
    { constructor: 1 },
    { port: -1 },
    { host: '' },
    { clock: { accept: () => {} } },
    { listener: { accept: true } },
    { deadlines: { idle: -1 } },
    { deadlines: { idle: NaN } },
    { deadlines: { lunch: 1 } },
    { deadlines: 5 },
    { limits: { headerBytes: 0 } },
    { limits: { toString: 1 } },
    { maxConnections: 0 },
    { maxConnections: 2 ** 60 },
    { retryAfter: -1 },
    { retryAfter: 0.5 },
    { retryAfter: Infinity },
    { proxyProtocol: {} },
    { proxyProtocol: { trusted: 'unix' } },
    { maxPendingHandlers: 5 },
    { deadlines: { bodyMinRate: 240 } },
  ])('leaves %j to the schema, which refuses it', (options) => {
    expect(areCertainlyValid(options)).toBe(false);
    expect(() => {
      checkServeOptions(options);
    }).toThrow(InvalidInputError);
  });

  test('says yes only where the schema does', () => {
    const value = fc.oneof(
      fc.integer({ min: -2, max: 3 }),
      fc.constantFrom(0, 1.5, NaN, Infinity, -0, 2 ** 60, null, undefined, true, '', 'text'),
      fc.constantFrom({ trusted: [] }, { trusted: ['unix'] }, { trusted: [1] }),
      fc.constantFrom(() => {}, systemClock, {}, [], { accept: () => {} }, { spawn: 1 }),
    );
    const amounts = fc.dictionary(
      fc.constantFrom('idle', 'headers', 'headerBytes', 'bodyBytes', 'bodyMinRate', 'other'),
      value,
    );
    const name = fc.constantFrom(...Object.keys(SERVE_OPTIONS), 'other');
    fc.assert(
      fc.property(fc.dictionary(name, fc.oneof(value, amounts)), (options) => {
        if (areCertainlyValid(options)) checkServeOptions(options);
      }),
      { numRuns: 3_000 },
    );
  });
});
