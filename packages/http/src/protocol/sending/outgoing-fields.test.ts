import { describe, expect, test } from '@jest/globals';
import {
  checkInformationalFields,
  checkInformationalStatus,
  checkRequestStart,
  checkStatusLine,
  switchFields,
  takeFramingFields,
  takeResponseFields,
} from './outgoing-fields.ts';
import { checkTrailers } from '../vocabulary/fields.ts';

const coded = (code: string): unknown =>
  expect.objectContaining({ name: 'LocalProtocolError', code });

describe('a program’s own framing fields', () => {
  test('are none in most heads, and then nothing is copied', () => {
    const fields = ['Content-Type', 'a', 'X', 'y'];
    const own = takeFramingFields(fields, 5);
    expect(own).toEqual({
      fields,
      length: 5,
      closes: false,
      upgrades: false,
      namesProtocol: false,
    });
    expect(own.fields).toBe(fields);
  });

  test('keep a field whose name is only as long as theirs', () => {
    const names = ['X-Nectione', 'X-Ntent-Length', 'X-Ansfer-Encoding', 'Expires'];
    const fields = names.flatMap((name) => [name, 'a']);
    expect(takeFramingFields(fields, undefined)).toEqual({
      fields,
      length: undefined,
      closes: false,
      upgrades: false,
      namesProtocol: false,
    });
  });

  test.each<[string, readonly string[], readonly string[]]>([
    [
      'an Upgrade alone',
      ['upgrade', 'a', 'X', 'y'],
      ['upgrade', 'a', 'X', 'y', 'Connection', 'Upgrade'],
    ],
    [
      'an Upgrade and another option',
      ['Upgrade', 'a', 'Connection', 'close'],
      ['Upgrade', 'a', 'Connection', 'Upgrade'],
    ],
    [
      'an Upgrade with its option',
      ['Upgrade', 'a', 'Connection', 'Upgrade'],
      ['Upgrade', 'a', 'Connection', 'upgrade'],
    ],
    ['none', ['X', 'y'], ['X', 'y']],
  ])('of a response have the connection option of an Upgrade: %s', (_name, fields, expected) => {
    expect(takeResponseFields(fields, undefined).fields).toEqual(expected);
  });

  test('give the length of a body that has no length, and are taken out', () => {
    expect(takeFramingFields(['content-length', '5', 'X', 'y'], undefined)).toMatchObject({
      fields: ['X', 'y'],
      length: 5,
    });
    expect(takeFramingFields(['Content-Length', '5'], 5)).toMatchObject({ fields: [], length: 5 });
  });

  test.each([
    ['6', 5, 'Content-Length: expected 5, the length of the body, got 6'],
    ['5x', 5, 'Content-Length: expected 5, the length of the body, got something else'],
    ['-1', undefined, 'Content-Length: expected a decimal number of bytes, got something else'],
    ['1e3', undefined, 'Content-Length: expected a decimal number of bytes, got something else'],
    ['', undefined, 'Content-Length: expected a decimal number of bytes, got something else'],
    [
      '1234567890123456',
      undefined,
      'Content-Length: expected a decimal number of bytes, got something else',
    ],
  ])('refuse the Content-Length %j for a body of %s bytes', (value, length, message) => {
    expect(() => takeFramingFields(['Content-Length', value], length)).toThrow(
      expect.objectContaining({ code: 'ERR_HTTP_CONTENT_LENGTH', message }),
    );
  });

  test('refuse two Content-Lengths that differ', () => {
    expect(() =>
      takeFramingFields(['Content-Length', '5', 'Content-Length', '6'], undefined),
    ).toThrow(coded('ERR_HTTP_CONTENT_LENGTH'));
  });

  test('refuse any Transfer-Encoding', () => {
    expect(() => takeFramingFields(['transfer-ENCODING', 'chunked'], undefined)).toThrow(
      coded('ERR_HTTP_TRANSFER_ENCODING'),
    );
  });

  test.each([
    ['close', { closes: true, upgrades: false, fields: [] }],
    ['Keep-Alive', { closes: false, upgrades: false, fields: [] }],
    ['keep-alive, Upgrade', { closes: false, upgrades: true, fields: ['Connection', 'upgrade'] }],
    ['X-Hop ,\tCLOSE,', { closes: true, upgrades: false, fields: ['Connection', 'x-hop'] }],
  ])('read Connection: %s', (value, expected) => {
    expect(takeFramingFields(['Connection', value], undefined)).toMatchObject(expected);
  });
});

describe('a start line', () => {
  test.each([101, 200, 599, 999])('may have the status %s', (status) => {
    expect(() => checkStatusLine(status, undefined)).not.toThrow();
  });

  test.each([0, 99, 100, 103, 199, 1000, 200.5, NaN, Infinity, '200'])(
    'may not have the status %j',
    (status) => {
      expect(() => checkStatusLine(status as number, undefined)).toThrow(coded('ERR_HTTP_STATUS'));
    },
  );

  test.each([100, 102, 103, 199])('may be informational with the status %s', (status) => {
    expect(() => checkInformationalStatus(status)).not.toThrow();
  });

  test.each([99, 101, 200, 100.5, NaN])('may not be informational with the status %s', (status) => {
    expect(() => checkInformationalStatus(status)).toThrow(coded('ERR_HTTP_STATUS'));
  });

  test('may have a reason, which cannot end it', () => {
    expect(() => checkStatusLine(200, 'Sehr gut, \xfcber alles')).not.toThrow();
    for (const reason of ['a\r\nX: y', 'a\nb', 'a\0', '\u2603']) {
      expect(() => checkStatusLine(200, reason)).toThrow(coded('ERR_HTTP_REASON'));
    }
  });

  test('may have a method and a target, which cannot end it', () => {
    expect(() => checkRequestStart('M-SEARCH', '/a?b=%20')).not.toThrow();
    for (const method of ['', 'GET /', 'GET\r\n', 'G:T']) {
      expect(() => checkRequestStart(method, '/')).toThrow(coded('ERR_HTTP_METHOD'));
    }
    for (const target of ['', '/a b', '/ HTTP/1.1\r\nX: y', '/\n', '/\xe9', '/\0']) {
      expect(() => checkRequestStart('GET', target)).toThrow(coded('ERR_HTTP_TARGET'));
    }
  });
});

describe('trailers', () => {
  test('may be what a receiver does not need before the body', () => {
    expect(() => checkTrailers(['Server-Timing', 'a', 'X-Checksum', 'b'])).not.toThrow();
  });

  test.each(['Content-Length', 'transfer-encoding', 'HOST', 'Connection', 'Set-Cookie'])(
    'may not be %s',
    (name) => {
      expect(() => checkTrailers(['X', 'y', name, 'z'])).toThrow(
        expect.objectContaining({
          code: 'ERR_HTTP_TRAILER',
          message: `trailer ${name}: it has to come before the body; make it a header`,
        }),
      );
    },
  );
});

describe('the fields of an informational response', () => {
  test.each([
    'Connection',
    'content-length',
    'Keep-Alive',
    'Trailer',
    'Transfer-Encoding',
    'Upgrade',
  ])('are not %s, which belongs to the final one', (name) => {
    expect(() => checkInformationalFields(['Link', '</a>', name, 'x'])).toThrow(
      coded('ERR_HTTP_INFORMATIONAL_FIELD'),
    );
  });

  test('may be any others', () => {
    expect(() => checkInformationalFields(['Link', '</a>', 'X-Upgrade', 'x'])).not.toThrow();
  });
});

describe('the fields of a 101', () => {
  test.each<[string, readonly string[], string | undefined, readonly string[]]>([
    ['the one that was proposed', [], 'chat', ['Upgrade', 'chat', 'Connection', 'Upgrade']],
    ['without blanks around it', [], '\tchat ', ['Upgrade', 'chat', 'Connection', 'Upgrade']],
    ['the application’s', ['upgrade', 'b'], 'a, b', ['upgrade', 'b', 'Connection', 'Upgrade']],
    [
      'the application’s, with its own connection options',
      ['Upgrade', 'b', 'connection', 'upgrade, x'],
      undefined,
      ['Upgrade', 'b', 'connection', 'upgrade, x'],
    ],
  ])('name the protocol: %s', (_name, fields, proposed, expected) => {
    expect(switchFields(fields, proposed)).toEqual(expected);
  });

  test.each([undefined, '', ' ', 'a, b', 'a,'])(
    'cannot be made for a proposal of %j',
    (proposed) => {
      expect(() => switchFields(['X', 'y'], proposed)).toThrow(coded('ERR_HTTP_UPGRADE'));
    },
  );
});
