import { describe, expect, test } from '@jest/globals';
import { HttpConnection } from './connection.ts';
import type { ResponseHeadInput } from './head-input.ts';
import { NEED_DATA, PAUSED } from './vocabulary/events.ts';
import { DEFAULT_LIMITS } from './vocabulary/limits.ts';
import { recycle, takeBuffer } from './vocabulary/body-buffers.ts';
import {
  bytes,
  coded,
  OK,
  GET_BYTES,
  asked,
  drain,
  types,
} from '../../test/support/protocol-connection.ts';

describe('a server’s connection', () => {
  test('hands out a hundred pieces that came at once, and then the next request', () => {
    const server = new HttpConnection('server');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n';
    for (let round = 0; round < 2; round += 1) {
      server.receive(bytes(`${head}${'1\r\nx\r\n'.repeat(100)}0\r\n\r\n`));
      const expected = ['request', ...Array.from({ length: 100 }, () => 'data'), 'end', PAUSED];
      expect(types(server)).toEqual(expected);
      server.sendWholeResponse({ ...OK, length: 0 });
      server.startNextCycle();
    }
  });

  test('writes a head with what HTTP asks for', () => {
    expect(asked().sendResponse({ ...OK, fields: ['X', 'y'], length: 5, date: 'now' })).toBe(
      'HTTP/1.1 200 OK\r\nDate: now\r\nX: y\r\nContent-Length: 5\r\n\r\n',
    );
  });

  test('leaves Date and the reason to a program that gives them', () => {
    const head = { ...OK, reason: 'Fine', fields: ['date', 'then'], date: 'now' };
    expect(asked().sendResponse(head)).toBe(
      'HTTP/1.1 200 Fine\r\ndate: then\r\nContent-Length: 0\r\n\r\n',
    );
  });

  test('sends a body of unknown length in chunks, with trailers behind it', () => {
    const server = asked();
    expect(server.sendResponse({ ...OK, length: undefined })).toMatch(
      /\r\nTransfer-Encoding: chunked\r\n\r\n$/,
    );
    expect(server.sendsBody).toBe(true);
    expect(server.sendData(26)).toBe('1a\r\n');
    expect(server.dataEnd).toBe('\r\n');
    expect(server.sendEnd(['X', 'y'])).toBe('0\r\nX: y\r\n\r\n');
    expect(server.isCycleDone).toBe(true);
  });

  test('puts the rest of a body that is mostly here behind its first piece', () => {
    const server = new HttpConnection('server');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n';
    server.receive(bytes(head + 'x'.repeat(30_000)));
    server.receive(bytes('y'.repeat(15_000)));
    server.receive(bytes('z'.repeat(5_000)));
    const pieces = drain(server).flatMap((event) =>
      typeof event !== 'symbol' && event.type === 'data' ? [event.bytes] : [],
    );
    expect(pieces.map(({ length }) => length)).toEqual([30_000, 15_000, 5_000]);
    expect(new Set(pieces.map(({ buffer }) => buffer)).size).toBe(1);
    expect(pieces.map(({ byteOffset }) => byteOffset)).toEqual([0, 30_000, 45_000]);
    expect(Buffer.concat(pieces).toString()).toBe(
      'x'.repeat(30_000) + 'y'.repeat(15_000) + 'z'.repeat(5_000),
    );
  });

  test('shows no other message’s bytes behind the first piece of such a body', () => {
    const old = takeBuffer(50_000).fill(7);
    recycle(old);
    const server = new HttpConnection('server');
    server.receive(
      bytes(`POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n${'x'.repeat(30_000)}`),
    );
    const [, data] = drain(server);
    const { buffer } = (data as { bytes: Uint8Array }).bytes;
    expect(buffer).toBe(old.buffer);
    expect(new Uint8Array(buffer).indexOf(7)).toBe(-1);
  });

  test('keeps no memory for a body that is only announced', () => {
    const server = new HttpConnection('server');
    const head = 'POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 50000\r\n\r\n';
    server.receive(bytes(head + 'x'.repeat(5_000)));
    const [, data] = drain(server);
    expect(data).toMatchObject({ type: 'data' });
    expect((data as { bytes: Uint8Array }).bytes.buffer.byteLength).toBe(5_000);
  });

  test('sends a response whose body is there at once', () => {
    const server = asked();
    expect(server.sendWholeResponse({ ...OK, length: 5 })).toBe(
      'HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\n',
    );
    expect(server.sendsBody).toBe(true);
    expect(server.isCycleDone).toBe(true);
    expect(() => server.sendData(5)).toThrow(coded('ERR_HTTP_STATE'));
    const head = asked('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(head.sendWholeResponse({ ...OK, length: 5 })).toMatch(/\r\nContent-Length: 5\r\n/);
    expect(head.sendsBody).toBe(false);
    expect(head.isCycleDone).toBe(true);
  });

  test('dates each answer with what it is given, also when many are alike', () => {
    const dated = (status: number, date: string, reason?: string): string | undefined =>
      asked()
        .sendResponse({ ...OK, status, date, reason })
        .match(/^.*\r\nDate: .*/)?.[0];
    for (const date of ['one', 'one', 'two', 'one']) {
      expect(dated(200, date)).toBe(`HTTP/1.1 200 OK\r\nDate: ${date}`);
      expect(dated(201, date)).toBe(`HTTP/1.1 201 Created\r\nDate: ${date}`);
      expect(dated(201, date, 'Fine')).toBe(`HTTP/1.1 201 Fine\r\nDate: ${date}`);
    }
  });

  test('says the field of each answer, also when it is, or is nearly, that of the one before', () => {
    const said: string[] = [];
    const expected: string[] = [];
    for (const date of ['now', 'now', 'then']) {
      for (const field of ['A: b', 'A: b', 'A: b', 'A: c', 'B: b', 'A: b', 'A: b']) {
        const fields = field.split(': ');
        said.push(asked().sendResponse({ ...OK, fields, date }));
        expected.push(`HTTP/1.1 200 OK\r\nDate: ${date}\r\n${field}\r\nContent-Length: 0\r\n\r\n`);
        said.push(asked().sendResponse({ ...OK, status: 201, fields, date: '' }));
        expected.push(`HTTP/1.1 201 Created\r\n${field}\r\nContent-Length: 0\r\n\r\n`);
      }
    }
    expect(said).toEqual(expected);
  });

  test('says the fields that a list has now, whatever it had when it was used before', () => {
    const fields = ['A', 'b'];
    const say = (): string => asked().sendResponse({ ...OK, fields, date: 'now' });
    const said = [say(), say()];
    fields[1] = 'c';
    said.push(say(), say());
    expect(said.map((head) => /A: ./.exec(head)?.[0])).toEqual(['A: b', 'A: b', 'A: c', 'A: c']);
  });

  test('sends a body of known length as it is, and no trailers', () => {
    const server = asked();
    server.sendResponse({ ...OK, length: 5 });
    expect(server.sendData(5)).toBe('');
    expect(server.dataEnd).toBe('');
    expect(server.sendEnd(['X', 'y'])).toBe('');
  });

  test('ends a body of unknown length with the connection, for HTTP/1.0', () => {
    const server = asked('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(server.sendResponse({ ...OK, length: undefined })).toBe(
      'HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n',
    );
    expect(server.sendData(5) + server.dataEnd + server.sendEnd()).toBe('');
    expect(server.isCycleDone).toBe(false);
  });

  test('keeps alive in HTTP/1.0 by saying so', () => {
    const server = asked('GET / HTTP/1.0\r\nConnection: keep-alive\r\n\r\n');
    expect(server.sendResponse(OK)).toMatch(/\r\nConnection: keep-alive\r\n/);
  });

  test.each<[name: string, request: string, head: Partial<ResponseHeadInput>]>([
    ['the client asked for it', 'GET / HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n', {}],
    ['the client speaks HTTP/1.0', 'GET / HTTP/1.0\r\n\r\n', {}],
    ['the caller asks for it', 'GET / HTTP/1.1\r\nHost: a\r\n\r\n', { close: true }],
    [
      'the program’s header says so',
      'GET / HTTP/1.1\r\nHost: a\r\n\r\n',
      { fields: ['Connection', 'close'] },
    ],
  ])('closes when %s, and says so once', (_name, request, head) => {
    const server = asked(request);
    const text = server.sendResponse({ ...OK, ...head });
    expect(text.match(/^Connection: close\r$/gm)).toHaveLength(1);
    server.sendEnd();
    expect([server.clientState, server.serverState]).toEqual(['MUST_CLOSE', 'MUST_CLOSE']);
    expect(() => server.startNextCycle()).toThrow(coded('ERR_HTTP_STATE'));
  });

  test('closes with the present cycle after disableKeepAlive', () => {
    const server = asked();
    server.disableKeepAlive();
    expect(server.sendResponse(OK)).toMatch(/\r\nConnection: close\r\n/);
  });

  test('answers HEAD with the head that GET would have had', () => {
    const request = 'HEAD / HTTP/1.1\r\nHost: a\r\n\r\n';
    const whole = asked(request);
    expect(whole.sendResponse({ ...OK, length: 5 })).toMatch(/\r\nContent-Length: 5\r\n/);
    expect(whole.sendsBody).toBe(false);
    expect(whole.sendEnd()).toBe('');
    expect(whole.isCycleDone).toBe(true);
    const chunked = asked(request);
    expect(chunked.sendResponse({ ...OK, length: undefined })).toMatch(/: chunked\r\n/);
    expect(chunked.dataEnd + chunked.sendEnd(['X', 'y'])).toBe('');
  });

  test('answers HEAD with the length that the program gives, of a body that it does not', () => {
    const server = asked('HEAD / HTTP/1.1\r\nHost: a\r\n\r\n');
    expect(server.sendResponse({ ...OK, fields: ['Content-Length', '1234'] })).toMatch(
      /\r\nContent-Length: 1234\r\n/,
    );
  });

  test.each([204, 304])('sends no body with status %s', (status) => {
    const server = asked();
    expect(server.sendResponse({ ...OK, status, length: 5 })).not.toMatch(/Content-Length/);
    expect(server.sendsBody).toBe(false);
    expect(() => server.sendData(5)).toThrow(coded('ERR_HTTP_NO_BODY'));
    expect(server.sendEnd()).toBe('');
  });

  test('refuses a chunk of no bytes, which would be the last one', () => {
    const server = asked();
    server.sendResponse({ ...OK, length: undefined });
    for (const length of [0, -1, NaN]) {
      expect(() => server.sendData(length)).toThrow(coded('ERR_HTTP_NO_BODY'));
    }
  });

  test('refuses more, and less, than it announced', () => {
    const server = asked();
    server.sendResponse({ ...OK, length: 5 });
    server.sendData(4);
    expect(() => server.sendEnd()).toThrow(coded('ERR_HTTP_BODY_TOO_SHORT'));
    expect(() => server.sendData(2)).toThrow(coded('ERR_HTTP_BODY_TOO_LONG'));
  });

  test.each<[name: string, head: Partial<ResponseHeadInput>, code: string]>([
    ['an informational status', { status: 103 }, 'ERR_HTTP_STATUS'],
    ['a reason that ends the line', { reason: 'OK\r\nX: y' }, 'ERR_HTTP_REASON'],
    [
      'a length that is not the body’s',
      { fields: ['Content-Length', '6'], length: 5 },
      'ERR_HTTP_CONTENT_LENGTH',
    ],
    [
      'a framing of the program’s own',
      { fields: ['Transfer-Encoding', 'chunked'] },
      'ERR_HTTP_TRANSFER_ENCODING',
    ],
    ['a switch that was not asked for', { status: 101 }, 'ERR_HTTP_STATE'],
  ])('refuses %s, and can still answer', (_name, head, code) => {
    const server = asked();
    expect(() => server.sendResponse({ ...OK, ...head })).toThrow(coded(code));
    expect(server.sendResponse(OK)).toMatch(/^HTTP\/1\.1 200 /);
  });

  test('sends informational heads before the response, and not after', () => {
    const server = asked();
    expect(server.sendInformational(103, { Link: '</a>' })).toBe(
      'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n',
    );
    expect(server.sendInformational(100, undefined)).toBe('HTTP/1.1 100 Continue\r\n\r\n');
    expect(() => server.sendInformational(101, undefined)).toThrow(coded('ERR_HTTP_STATUS'));
    server.sendResponse(OK);
    expect(() => server.sendInformational(103, undefined)).toThrow(coded('ERR_HTTP_STATE'));
  });

  test('sends no informational head to an HTTP/1.0 client', () => {
    expect(asked('GET / HTTP/1.0\r\n\r\n').sendInformational(103, { Link: '</a>' })).toBe('');
  });

  test('refuses a second response', () => {
    const server = asked();
    server.sendResponse(OK);
    expect(() => server.sendResponse(OK)).toThrow(coded('ERR_HTTP_STATE'));
  });

  test('refuses trailers that frame or route', () => {
    const server = asked();
    server.sendResponse({ ...OK, length: undefined });
    expect(() => server.sendEnd(['Content-Length', '5'])).toThrow(coded('ERR_HTTP_TRAILER'));
    expect(server.sendEnd()).toBe('0\r\n\r\n');
  });

  test('may answer before any request, and then closes', () => {
    const server = new HttpConnection('server');
    expect(server.sendResponse({ ...OK, status: 408 })).toMatch(/\r\nConnection: close\r\n/);
  });

  test('answers a request that it cannot understand, and then closes', () => {
    const server = new HttpConnection('server');
    server.receive(bytes('garbage'));
    expect(server.failure).toBeUndefined();
    expect(() => server.nextEvent()).toThrow(coded('ERR_HTTP_METHOD', 400));
    expect(server.failure).toEqual(coded('ERR_HTTP_METHOD', 400));
    expect(() => server.nextEvent()).toThrow(coded('ERR_HTTP_METHOD', 400));
    expect(server.sendResponse({ ...OK, status: 400 })).toMatch(/\r\nConnection: close\r\n/);
    server.sendEnd();
    expect([server.clientState, server.serverState]).toEqual(['ERROR', 'MUST_CLOSE']);
  });

  test('that could not send what it promised ends', () => {
    const server = asked();
    server.sendResponse({ ...OK, length: 5 });
    server.sendFailed();
    expect([server.clientState, server.serverState]).toEqual(['MUST_CLOSE', 'ERROR']);
  });

  test('hands out the next request when this one is answered', () => {
    const server = new HttpConnection('server');
    server.receive(bytes('GET /a HTTP/1.1\r\nHost: a\r\n\r\nGET /b HTTP/1.1\r\nHost: a\r\n\r\n'));
    expect(types(server)).toEqual(['request', 'end', PAUSED]);
    expect(server.hasEvent).toBe(true);
    server.sendResponse(OK);
    server.sendEnd();
    server.startNextCycle();
    expect(types(server)).toEqual(['request', 'end', PAUSED]);
    expect(server.hasEvent).toBe(false);
  });

  test('switches when the request asked to, without framing fields of the program’s', () => {
    const server = asked(
      'GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n',
    );
    expect(
      server.sendResponse({
        ...OK,
        status: 101,
        fields: ['Connection', 'Upgrade', 'Upgrade', 'echo'],
      }),
    ).toBe('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
    expect(server.isSwitched).toBe(true);
    expect(server.nextEvent()).toBe(PAUSED);
  });

  test('becomes a tunnel with any 2xx to CONNECT, and answers with any other', () => {
    const connect = 'CONNECT a:80 HTTP/1.1\r\nHost: a\r\n\r\n';
    const tunnel = asked(connect);
    expect(tunnel.sendResponse({ ...OK, fields: ['Content-Length', '0'] })).toBe(
      'HTTP/1.1 200 OK\r\n\r\n',
    );
    expect(tunnel.isSwitched).toBe(true);
    const refusal = asked(connect);
    expect(refusal.sendResponse({ ...OK, status: 405 })).toMatch(/\r\nContent-Length: 0\r\n/);
    expect(refusal.isSwitched).toBe(false);
  });

  test('knows whether a head is under way', () => {
    const server = new HttpConnection('server');
    expect([server.isInHead, server.isIdle]).toEqual([false, true]);
    server.receive(bytes('\r\n'));
    expect([server.isInHead, server.isIdle]).toEqual([false, true]);
    server.receive(bytes('G'));
    expect([server.isInHead, server.isIdle]).toEqual([true, false]);
    server.receive(GET_BYTES.subarray(1));
    expect([server.isInHead, server.isIdle]).toEqual([false, false]);
    drain(server);
    expect(server.isIdle).toBe(true);
  });

  test('rests between requests, not while one is under way, and goes on as before', () => {
    const server = new HttpConnection('server');
    server.releaseBuffers();
    for (const part of ['\r\n', 'GET / HTTP/1.1\r\nHo', 'st: a\r\n\r\n']) {
      server.receive(bytes(part));
      server.releaseBuffers();
    }
    expect(types(server)).toEqual(['request', 'end', PAUSED]);
    server.releaseBuffers();
    server.sendWholeResponse({ ...OK, length: 0 });
    server.startNextCycle();
    server.releaseBuffers();
    expect([server.isIdle, server.isInHead, server.hasEvent]).toEqual([true, false, false]);
    server.receive(GET_BYTES);
    expect(types(server)).toEqual(['request', 'end', PAUSED]);
    server.receiveEnd();
    server.releaseBuffers();
    server.sendWholeResponse({ ...OK, length: 0 });
    server.startNextCycle();
    expect(types(server)).toEqual(['closed', NEED_DATA]);
  });

  test('has nothing to keep once it goes on in another protocol', () => {
    const server = new HttpConnection('server');
    server.receive(
      bytes('GET / HTTP/1.1\r\nHost: a\r\nConnection: upgrade\r\nUpgrade: other\r\n\r\n'),
    );
    expect(types(server)).toEqual(['request', 'end', PAUSED]);
    server.sendResponse({ ...OK, status: 101, fields: ['Upgrade', 'other'], length: undefined });
    server.releaseBuffers();
    expect([server.isSwitched, server.hasEvent, server.isIdle]).toEqual([true, false, true]);
    expect(types(server)).toEqual([PAUSED]);
    expect(server.receive(bytes('not HTTP'))).toBe(0);
  });

  test('keeps nothing of the bytes that it was lent', () => {
    const server = new HttpConnection('server');
    const lent = bytes('POST /path HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\nhello');
    server.receive(lent);
    lent.fill(0);
    expect(drain(server)).toMatchObject([
      { type: 'request', target: '/path' },
      { type: 'data', bytes: bytes('hello') },
      { type: 'end' },
      PAUSED,
    ]);
  });
});

test('an error that is not the peer’s is not taken for it, and leaves the parser to others', () => {
  const limits = {
    ...DEFAULT_LIMITS,
    get headerCount(): number {
      throw new TypeError('a bug');
    },
  };
  expect(() => new HttpConnection('server', limits).receive(GET_BYTES)).toThrow(
    new TypeError('a bug'),
  );
  expect(asked().sendResponse(OK)).toMatch(/^HTTP/);
});

describe('the byte at which it failed', () => {
  const WRONG = 'GET / HTTP/1.1\r\nHost: a\r\nB\0: x\r\n\r\n';
  const fault = WRONG.indexOf('\0');
  const attempt = (...pieces: readonly string[]): number => {
    const server = new HttpConnection('server');
    for (const piece of pieces) server.receive(bytes(piece));
    return server.failedAt;
  };

  test('is counted in the last piece that came', () => {
    expect(attempt(WRONG)).toBe(fault);
    expect(attempt(WRONG.slice(0, 20), WRONG.slice(20))).toBe(fault - 20);
    expect(attempt(...WRONG.slice(0, fault + 1).split(''))).toBe(0);
    expect(attempt('\rGET / HTTP/1.1\r\n')).toBe(1);
  });

  test.each([1, 100, 20_000])('is found behind a message with a body of %i bytes', (length) => {
    const head = `POST / HTTP/1.1\r\nHost: a\r\nContent-Length: ${length}\r\n\r\n`;
    const before = head + 'x'.repeat(length);
    expect(attempt(before + WRONG)).toBe(before.length + fault);
  });

  test('is -1 before anything came, while all is right, and at the end of the connection', () => {
    expect(new HttpConnection('server').failedAt).toBe(-1);
    expect(attempt('GET / HTTP/1.1\r\n')).toBe(-1);
    const server = new HttpConnection('server');
    server.receive(bytes('GET / HTTP/1.1\r\n'));
    server.receiveEnd();
    expect(() => server.nextEvent()).toThrow(/ended inside/);
    expect(server.failedAt).toBe(-1);
  });
});
