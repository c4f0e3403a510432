import { describe, expect, test } from '@jest/globals';
import { HttpConnection } from '../../src/protocol/connection.ts';
import { RemoteProtocolError } from '../../src/protocol/vocabulary/errors.ts';
import { byteByByte, cutAt, latin1, observeClient, whole } from './observe.ts';
import type { WireCase } from './wire-case.ts';
import { RESPONSE_CASES } from './response-cases.ts';

describe.each(RESPONSE_CASES)('$rfc: $name', (wireCase) => {
  const { bytes, expect: lines, left = '' } = wireCase;

  test('in one piece', () => {
    expect(observeClient(whole(bytes), wireCase)).toMatchObject({ lines, left });
  });

  test('byte by byte, and cut in two at every place', () => {
    const expected = observeClient(whole(bytes), wireCase);
    expect(observeClient(byteByByte(bytes), wireCase)).toEqual(expected);
    for (let place = 1; place < bytes.length; place += 1) {
      expect(observeClient(cutAt(bytes, [place]), wireCase)).toEqual(expected);
    }
  });

  test('by a connection that rests wherever it can', () => {
    const expected = observeClient(whole(bytes), wireCase);
    const releasing = { ...wireCase, releases: true };
    expect(observeClient(whole(bytes), releasing)).toEqual(expected);
    expect(observeClient(byteByByte(bytes), releasing)).toEqual(expected);
  });
});

const SECOND = 'HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n';

const complete = ({ expect: lines, eof }: WireCase): boolean =>
  lines.at(-1) === 'end' && eof !== true;

test.each(RESPONSE_CASES.filter(complete))(
  '$rfc: $name, with another response behind it, which is never the next answer',
  (wireCase) => {
    const { bytes, expect: lines } = wireCase;
    const isLast = lines.some((line) => line.endsWith(' close'));
    expect(observeClient(whole(bytes + SECOND), wireCase)).toMatchObject({
      lines,
      left: isLast ? '' : SECOND,
    });
  },
);

describe('a response that came too early', () => {
  const client = (): HttpConnection => {
    const connection = new HttpConnection('client');
    connection.sendRequest(GET);
    connection.sendEnd();
    connection.receive(latin1(SECOND));
    expect(connection.nextEvent()).toMatchObject({ type: 'response' });
    expect(connection.nextEvent()).toMatchObject({ type: 'end' });
    return connection;
  };
  const GET = { method: 'GET', target: '/', fields: [], hasBody: false, length: undefined };
  const unsolicited = expect.objectContaining({ code: 'ERR_HTTP_UNSOLICITED' });
  const thrownBy = (run: () => unknown): unknown => {
    try {
      return run();
    } catch (error) {
      return error;
    }
  };

  test('is not taken while its cycle lasts', () => {
    expect(client().receive(latin1(SECOND))).toBe(0);
  });

  test('is refused at its first byte in the next cycle', () => {
    const connection = client();
    connection.startNextCycle();
    connection.receive(latin1('H'));
    expect(thrownBy(() => connection.nextEvent())).toEqual(unsolicited);
  });

  test('is refused although the request goes out before its last byte comes', () => {
    const connection = client();
    connection.startNextCycle();
    connection.receive(latin1(SECOND.slice(0, 10)));
    connection.sendRequest(GET);
    connection.sendEnd();
    connection.receive(latin1(SECOND.slice(10)));
    const error = thrownBy(() => connection.nextEvent());
    expect(error).toBeInstanceOf(RemoteProtocolError);
    expect(error).toEqual(unsolicited);
  });
});
