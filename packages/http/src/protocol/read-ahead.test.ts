/** What a connection reads before it is asked for, and the end of what comes. */

import { describe, expect, test } from '@jest/globals';
import { HttpConnection } from './connection.ts';
import { NEED_DATA, PAUSED } from './vocabulary/events.ts';
import { DEFAULT_LIMITS } from './vocabulary/limits.ts';
import {
  bytes,
  GET,
  OK,
  GET_BYTES,
  asked,
  drain,
  types,
} from '../../test/support/protocol-connection.ts';

describe('reading ahead', () => {
  const PIPELINED = Buffer.concat(Array.from({ length: 100 }, () => GET_BYTES));

  test('stops at so many requests, and goes on when they were handed out', () => {
    const server = new HttpConnection('server', { ...DEFAULT_LIMITS, readAheadMessages: 3 });
    expect(server.receive(PIPELINED)).toBe(3 * GET_BYTES.length);
    expect(server.receive(PIPELINED)).toBe(0);
    drain(server);
    expect(server.receive(PIPELINED)).toBe(GET_BYTES.length);
  });

  test('stops at so many bytes of a body', () => {
    const server = new HttpConnection('server', { ...DEFAULT_LIMITS, readAheadBytes: 100 });
    server.receive(bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'));
    expect(server.receive(bytes('x'.repeat(90)))).toBe(90);
    expect(server.receive(bytes('x'))).toBe(0);
    drain(server);
    expect(server.receive(bytes('x'))).toBe(1);
  });

  test('counts what pieces cost: a flood of tiny ones stops', () => {
    const server = new HttpConnection('server', { ...DEFAULT_LIMITS, readAheadBytes: 6_500 });
    server.receive(bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1000\r\n\r\n'));
    let pieces = 0;
    while (server.receive(bytes('x')) === 1) pieces += 1;
    expect(pieces).toBe(100);
  });

  test('stops at so many informational responses', () => {
    const client = new HttpConnection('client', { ...DEFAULT_LIMITS, readAheadMessages: 3 });
    client.sendRequest(GET);
    client.sendEnd();
    const hint = 'HTTP/1.1 103 Early Hints\r\n\r\n';
    expect(client.receive(bytes(hint.repeat(10)))).toBe(3 * hint.length);
    expect(client.nextEvent()).toMatchObject({ type: 'informational' });
    expect(client.receive(bytes(hint.repeat(10)))).toBe(hint.length);
  });

  test('takes a chunk of any size in pieces that the parser’s memory can hold', () => {
    const server = new HttpConnection('server', { ...DEFAULT_LIMITS, readAheadBytes: Infinity });
    const size = 3_000_000;
    server.receive(bytes(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${size}\r\n\r\n`));
    expect(server.receive(new Uint8Array(size).fill(7))).toBe(size);
    const [, ...events] = drain(server) as { type: string; bytes?: Uint8Array }[];
    expect(events.map(({ bytes: data }) => data?.length)).toEqual([
      1_048_576,
      1_048_576,
      902_848,
      undefined,
      undefined,
    ]);
    expect(events[2]?.bytes?.every((byte) => byte === 7)).toBe(true);
  });

  test('takes a large chunk as it would its parts: heads, bodies of both kinds, and what goes on in the next', () => {
    const long = 'x'.repeat(10_000);
    const stream = [
      `POST /a HTTP/1.1\r\nHost: a\r\nContent-Length: ${long.length}\r\n\r\n${long}`,
      `POST /b HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n2710\r\n${long}\r\n0\r\n\r\n`,
      `GET /c HTTP/1.1\r\nHost: a\r\nX-Long: ${long}\r\n\r\n`,
    ].join('');
    /** Names of events, and how much data there was, when the stream is cut at these places. */
    const meaning = (...cuts: readonly number[]): unknown => {
      const server = new HttpConnection('server', { ...DEFAULT_LIMITS, readAheadBytes: Infinity });
      let data = 0;
      const seen: string[] = [];
      const take = (): void => {
        for (
          let event = server.nextEvent();
          typeof event !== 'symbol';
          event = server.nextEvent()
        ) {
          if (event.type === 'data') data += event.bytes.length;
          else seen.push(event.type === 'request' ? event.target : event.type);
          if (event.type !== 'end') continue;
          server.sendResponse(OK);
          server.sendEnd();
          server.startNextCycle();
        }
      };
      let from = 0;
      for (const to of [...cuts, stream.length]) {
        for (let view = bytes(stream.slice(from, to)); view.length > 0;) {
          view = view.subarray(server.receive(view));
          take();
        }
        from = to;
      }
      return { seen, data };
    };
    const expected = { seen: ['/a', 'end', '/b', 'end', '/c', 'end'], data: 20_000 };
    expect(meaning()).toEqual(expected);
    for (const cut of [3, 60, 5_000, 10_050, 10_100, 15_000, 20_200, 26_000]) {
      expect(meaning(cut)).toEqual(expected);
    }
  });

  test('gives back what it did not take of a chunk of any size', () => {
    const server = new HttpConnection('server', { ...DEFAULT_LIMITS, readAheadBytes: 100 });
    server.receive(bytes('POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 3000000\r\n\r\n'));
    expect(server.receive(new Uint8Array(3_000_000))).toBe(1_048_576);
  });
});

describe('the end of what the peer sends', () => {
  test('is reported once, after everything else', () => {
    const server = new HttpConnection('server');
    server.receive(GET_BYTES);
    server.receiveEnd();
    server.receiveEnd();
    expect(types(server)).toEqual(['request', 'end', PAUSED]);
    server.sendResponse(OK);
    server.sendEnd();
    server.startNextCycle();
    expect(types(server)).toEqual(['closed', NEED_DATA]);
    expect([server.clientState, server.serverState]).toEqual(['CLOSED', 'MUST_CLOSE']);
    expect(server.receive(GET_BYTES)).toBe(GET_BYTES.length);
    expect(server.nextEvent()).toBe(NEED_DATA);
  });

  test('is reported to a client whose server closed instead of answering', () => {
    const client = new HttpConnection('client');
    client.sendRequest(GET);
    client.sendEnd();
    client.receiveEnd();
    expect(types(client)).toEqual(['closed', NEED_DATA]);
    expect([client.clientState, client.serverState]).toEqual(['MUST_CLOSE', 'CLOSED']);
  });

  test('is reported to a client whose server closed before the request was complete', () => {
    const client = new HttpConnection('client');
    client.sendRequest({ ...GET, method: 'POST', hasBody: true });
    client.receiveEnd();
    expect(types(client)).toEqual(['closed', NEED_DATA]);
    client.sendData(1);
    client.sendEnd();
    expect(client.clientState).toBe('MUST_CLOSE');
  });

  test('that comes while a switch is open is reported when the switch is refused', () => {
    const server = asked('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: x\r\n\r\n');
    server.receiveEnd();
    server.sendResponse(OK);
    server.sendEnd();
    server.startNextCycle();
    expect(types(server)).toEqual(['closed', NEED_DATA]);
  });
});
