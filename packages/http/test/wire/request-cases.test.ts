import { describe, expect, test } from '@jest/globals';
import { byteByByte, cutAt, observeServer, whole } from './observe.ts';
import { REQUEST_CASES } from './request-cases.ts';
import type { WireCase } from './wire-case.ts';

describe.each(REQUEST_CASES)('$rfc: $name', (wireCase) => {
  const { bytes, expect: lines, left = '' } = wireCase;

  test('in one piece', () => {
    expect(observeServer(whole(bytes), wireCase)).toMatchObject({ lines, left });
  });

  test('byte by byte, and cut in two at every place', () => {
    const expected = observeServer(whole(bytes), wireCase);
    expect(observeServer(byteByByte(bytes), wireCase)).toEqual(expected);
    for (let place = 1; place < bytes.length; place += 1) {
      expect(observeServer(cutAt(bytes, [place]), wireCase)).toEqual(expected);
    }
  });

  test('by a connection that rests wherever it can', () => {
    const expected = observeServer(whole(bytes), wireCase);
    const releasing = { ...wireCase, releases: true };
    expect(observeServer(whole(bytes), releasing)).toEqual(expected);
    expect(observeServer(byteByByte(bytes), releasing)).toEqual(expected);
  });
});

const FOLLOWING = 'GET /following HTTP/1.1\r\nHost: a\r\n\r\n';

test.each(REQUEST_CASES.filter(({ eof }) => eof !== true))(
  '$rfc: $name, with another request behind it',
  (wireCase) => {
    const { bytes, expect: lines } = wireCase;
    const { left } = observeServer(whole(bytes), wireCase);
    expect(observeServer(whole(bytes + FOLLOWING), wireCase)).toMatchObject(
      isLast(wireCase)
        ? { lines, left: isHeld(wireCase) ? left + FOLLOWING : '' }
        : { lines: [...lines, 'GET /following', 'end'], left: '' },
    );
  },
);

/** Whether nothing may follow on the connection, or not in HTTP. */
const isLast = ({ expect: lines, answer = 200 }: WireCase): boolean =>
  answer === 101 ||
  lines.some(
    (line) =>
      line.startsWith('refused') ||
      /^[A-Z].* close$/.test(line) ||
      (answer === 200 && line.startsWith('CONNECT')),
  );

/** Whether what follows a request is not taken until it is known to be HTTP. */
const isHeld = ({ expect: lines }: WireCase): boolean =>
  lines.some((line) => / upgrade( close)?$/.test(line));
