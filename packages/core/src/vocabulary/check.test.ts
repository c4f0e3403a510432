import { describe, expect, test } from '@jest/globals';
import { checkOptions, rules, withDefaults, type OptionTable } from './check.ts';
import { InvalidInputError } from './errors.ts';

interface Inner {
  readonly headers?: number;
  readonly idle?: number;
}
interface Options {
  readonly timeout?: number;
  readonly noDelay?: boolean;
  readonly signal?: AbortSignal;
  readonly deadlines?: Inner;
  readonly limits?: { readonly headerBytes?: number };
}

const TABLE: OptionTable<Options> = {
  timeout: rules.milliseconds,
  noDelay: rules.flag,
  signal: rules.signal,
  deadlines: rules.group({ headers: rules.milliseconds, idle: rules.milliseconds }),
  limits: rules.group({ headerBytes: rules.count }),
};

const check = (options: unknown) => () => {
  checkOptions('connect', options, TABLE);
};
const refused = (message: string): InvalidInputError => new InvalidInputError(message, 'connect');

describe('a bag of options', () => {
  test.each<object>([
    {},
    { timeout: 5, noDelay: false },
    { timeout: undefined, deadlines: undefined, signal: undefined },
    { deadlines: { idle: undefined, headers: Infinity } },
    Object.create({ timeout: 5 }) as object,
  ])('may be %j', (options) => {
    expect(check(options)).not.toThrow();
  });

  test.each<[unknown, string]>([
    [null, 'null'],
    [5, '5 (number)'],
    ['text', '"text" (string)'],
    [[], 'an object (Array)'],
    [() => {}, 'a function'],
    [undefined, 'undefined'],
  ])('may not be %p', (options, got) => {
    expect(check(options)).toThrow(
      refused(`connect: expected \`options\` to be an object, got ${got}`),
    );
  });

  test.each<[object, string, string]>([
    [{ timeot: 5 }, 'timeot', 'timeout'],
    [{ timoeut: 5 }, 'timoeut', 'timeout'],
    [{ Timeout: 5 }, 'Timeout', 'timeout'],
    [{ timeoutMs: 5 }, 'timeoutMs', 'timeout'],
    [{ nodelay: true }, 'nodelay', 'noDelay'],
    [{ abortSignal: undefined }, 'abortSignal', 'signal'],
    [{ idle: 5 }, 'idle', 'deadlines.idle'],
    [{ keepAliveTimeout: 5 }, 'keepAliveTimeout', 'deadlines.idle'],
    [{ maxHeaderSize: 5 }, 'maxHeaderSize', 'limits.headerBytes'],
    [{ deadlines: { idel: 5 } }, 'deadlines.idel', 'deadlines.idle'],
    [{ deadlines: { headerBytes: 5 } }, 'deadlines.headerBytes', 'limits.headerBytes'],
    [Object.create({ timeot: 5 }) as object, 'timeot', 'timeout'],
  ])('that holds %j is refused with the nearest name', (options, name, nearest) => {
    expect(check(options)).toThrow(
      refused(`connect: unknown option \`${name}\`: did you mean \`${nearest}\`?`),
    );
  });

  test.each([
    ['a date', new Date(), 'Date'],
    ['an error', new Error('no'), 'Error'],
    ['a map', new Map([['timeout', 5]]), 'Map'],
  ])('that are %s are refused, since no name in it could be read', (_what, value, name) => {
    expect(check(value)).toThrow(
      refused(`connect: expected \`options\` to be an object of options, got an object (${name})`),
    );
  });

  test.each(['./ca.pem', '', [Buffer.from('x'), 'ca.pem']])(
    'with %j in the place of certificates is refused, and not shown',
    (ca) => {
      const table = { ca: rules.authorities };
      expect(() => {
        checkOptions('connect', { ca }, table);
      }).toThrow(/`ca` to be certificates as PEM: .* got a value of type \w+, which is not shown$/);
      checkOptions('connect', { ca: ['-----BEGIN CERTIFICATE-----', Buffer.from('x')] }, table);
    },
  );

  test.each([
    {},
    Object.create(null) as object,
    new (class Settings {
      timeout = 5;
    })(),
  ])('may be any object of names: %#', (value) => {
    expect(check(value)).not.toThrow();
  });

  test.each(['lunch', 'constructor', '__proto', 'toString', 'x', '', 'n'.repeat(100)])(
    'that holds %p, near to nothing, is refused with what there is',
    (name) => {
      const known = '`timeout`, `noDelay`, `signal`, `deadlines`, `limits`';
      expect(check({ [name]: 1 })).toThrow(
        refused(`connect: unknown option \`${name.slice(0, 64)}\`: there are ${known}`),
      );
    },
  );

  test('inside another one is refused with what there is in it', () => {
    expect(check({ deadlines: { lunch: 1 } })).toThrow(
      refused('connect: unknown option `deadlines.lunch`: there are `headers`, `idle`'),
    );
    expect(check({ limits: { lunch: 1 } })).toThrow(
      refused('connect: unknown option `limits.lunch`: the only option is `headerBytes`'),
    );
  });

  test('of many options is refused without a list of them', () => {
    const names = Array.from({ length: 13 }, (_, index) => `${'o'.repeat(9)}${index}`);
    const table = Object.fromEntries(names.map((name) => [name, rules.any]));
    expect(() => {
      checkOptions('connect', { lunch: 1 }, table);
    }).toThrow(refused('connect: unknown option `lunch`'));
  });

  test.each([
    ['retries', 'attempts'],
    ['perSecond', 'rate'],
    ['size', 'capacity'],
    ['message', 'detail'],
  ])('is found by the name %s that other libraries have for %s', (name, own) => {
    expect(() => {
      checkOptions('connect', { [name]: 1 }, { [own]: rules.any });
    }).toThrow(refused(`connect: unknown option \`${name}\`: did you mean \`${own}\`?`));
  });

  test.each<[object, string]>([
    [{ timeout: NaN }, '`timeout` to be a number of milliseconds from 0, got NaN (number)'],
    [{ timeout: '5' }, '`timeout` to be a number of milliseconds from 0, got "5" (string)'],
    [{ timeout: null }, '`timeout` to be a number of milliseconds from 0, got null'],
    [{ noDelay: 1 }, '`noDelay` to be true or false, got 1 (number)'],
    [{ signal: {} }, '`signal` to be an AbortSignal, got an object (Object)'],
    [{ deadlines: 5 }, '`deadlines` to be an object, got 5 (number)'],
    [
      { deadlines: { idle: -1 } },
      '`deadlines.idle` to be a number of milliseconds from 0, got -1 (number)',
    ],
    [
      { limits: { headerBytes: 1.5 } },
      '`limits.headerBytes` to be a whole number from 1, or Infinity, got 1.5 (number)',
    ],
  ])('that holds %j is refused with what was expected and what came', (options, message) => {
    expect(check(options)).toThrow(refused(`connect: expected ${message}`));
  });
});

test('a value that may be a secret is not shown', () => {
  const table = { key: { ...rules.object, isSecret: true } };
  expect(() => {
    checkOptions('connect', { key: 'SECRET' }, table);
  }).toThrow(
    refused(
      'connect: expected `key` to be an object, got a value of type string, which is not shown',
    ),
  );
});

describe('defaults', () => {
  test('stay where undefined was given, or nothing', () => {
    const defaults: { idle: number; headers: number } = { idle: 5, headers: 10 };
    expect(withDefaults(defaults, { idle: undefined, headers: 1 })).toEqual({
      idle: 5,
      headers: 1,
    });
    expect(withDefaults(defaults, undefined)).toEqual(defaults);
  });
});
