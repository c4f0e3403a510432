/** `fetch` over a client: what of its second argument is kept to, and what is refused. */
import { createHash } from 'node:crypto';
import { gzipSync } from 'node:zlib';
import { describe, expect, test } from '@jest/globals';
import { InvalidInputError, IoError, LimitError, MemoryListener, memoryPair } from '@awaitio/core';
import {
  createFetch,
  failedRequestOf,
  HttpClient,
  HttpResponse,
  serve,
  type CreateFetchOptions,
  type Handler,
  type HttpClientOptions,
} from '../../src/index.ts';
import { Wire } from '../support/wire.ts';

type Fetch = ReturnType<typeof createFetch>;

const URL_ = 'http://memory/';
const hashOf = (algorithm: string, text: string): string =>
  `${algorithm}-${createHash(algorithm).update(text).digest('base64')}`;
const WRONG = {
  sha256: hashOf('sha256', 'other'),
  sha384: hashOf('sha384', 'other'),
  sha512: hashOf('sha512', 'other'),
};

async function withFetch(
  handler: Handler,
  run: (fetch: Fetch) => Promise<void>,
  options: CreateFetchOptions = {},
  clientOptions: HttpClientOptions = {},
): Promise<void> {
  const listener = new MemoryListener();
  const server = await serve(handler, { listener, onError: () => {} });
  const client = new HttpClient({ connect: () => listener.connect(), ...clientOptions });
  try {
    await run(createFetch(client, options));
  } finally {
    await client.close();
    await server.shutdown({ grace: 0, idleWindow: 0 });
  }
}

/** The cause of the `TypeError` that a fetch rejects with. */
async function causeOf(response: Promise<unknown>): Promise<unknown> {
  const error = await response.then(
    () => 'it was fulfilled',
    (reason: unknown) => reason,
  );
  expect(error).toBeInstanceOf(TypeError);
  return (error as TypeError).cause;
}

describe('a body with `integrity`', () => {
  const body = 'the body, é';
  const answer: Handler = () => HttpResponse.text(body, { headers: { 'x-a': 'b' } });
  const sha256 = hashOf('sha256', body);
  const sha384 = hashOf('sha384', body);
  const sha512 = hashOf('sha512', body);

  test.each<[string, string]>([
    ['sha256', sha256],
    ['sha384', sha384],
    ['sha512', sha512],
    ['an algorithm in upper case', sha256.replace('sha256', 'SHA256')],
    ['without padding', sha256.replace(/=+$/, '')],
    ['in the alphabet of URLs', sha512.replaceAll('+', '-').replaceAll('/', '_')],
    ['an option', `${sha256}?ct=text/plain`],
    ['one of several hashes', `${WRONG.sha384} ${sha384}\t${WRONG.sha384}`],
    ['the strongest of several', `${WRONG.sha256} ${sha512} ${WRONG.sha384}`],
    ['one beside what is unknown', `md5-abc ${sha256} sha999-abc`],
    ['blanks alone', ' \n'],
  ])('is handed out when it has the hash: %s', (_what, integrity) =>
    withFetch(answer, async (fetch) => {
      const response = await fetch(URL_, { integrity });
      expect([response.status, response.headers.get('x-a'), response.url]).toEqual([
        200,
        'b',
        URL_,
      ]);
      expect(await response.text()).toBe(body);
      expect(response.bodyUsed).toBe(true);
    }),
  );

  test.each<[string, string]>([
    ['sha256', WRONG.sha256],
    ['sha384', WRONG.sha384],
    ['sha512', WRONG.sha512],
    ['the strongest of several', `${sha256} ${WRONG.sha512} ${sha384}`],
    ['the strongest, whichever comes first', `${WRONG.sha384} ${sha256}`],
    ['the start of a hash', sha256.slice(0, -4)],
    ['a hash with more behind it', `${sha256.replace(/=+$/, '')}A`],
    ['no hash at all', 'sha256-'],
    ['no base64', 'sha512-!!!'],
  ])('is not handed out when it has another hash: %s', (_what, integrity) =>
    withFetch(answer, async (fetch) => {
      const cause = await causeOf(fetch(URL_, { integrity }));
      expect(cause).toBeInstanceOf(IoError);
      expect(cause).toMatchObject({ code: 'ERR_HTTP_INTEGRITY', operation: 'fetch' });
      expect((cause as Error).message).toMatch(/integrity mismatch/);
      expect((cause as Error).message).not.toContain('the body, ');
      expect(failedRequestOf(cause)).toMatchObject({ method: 'GET', origin: 'http://memory' });
    }),
  );

  test.each(['md5-abc', 'sha1-abc', 'nothing', 'sha2567-abc'])(
    'is not asked for where nothing in %j could be checked',
    async (integrity) => {
      let count = 0;
      await withFetch(
        () => {
          count += 1;
          return HttpResponse.text(body);
        },
        async (fetch) => {
          const cause = await causeOf(fetch(URL_, { integrity }));
          expect(cause).toBeInstanceOf(InvalidInputError);
          expect(count).toBe(0);
        },
      );
    },
  );

  test('is checked as it is decompressed, behind redirects, and of a Request', () =>
    withFetch(
      ({ path }) =>
        path === '/'
          ? HttpResponse.empty({ status: 302, headers: { Location: '/to' } })
          : HttpResponse.bytes(gzipSync(body), { headers: { 'Content-Encoding': 'gzip' } }),
      async (fetch) => {
        const response = await fetch(new Request(URL_, { integrity: sha384 }));
        expect(await response.text()).toBe(body);
        expect(response.redirected).toBe(true);
      },
    ));

  test.each([true, false])('is refused above `integrityBytes`, its length known: %s', (isKnown) =>
    withFetch(
      () =>
        isKnown ? HttpResponse.text('12345') : HttpResponse.stream(new Blob(['12345']).stream()),
      async (fetch) => {
        const long = await causeOf(fetch(URL_, { integrity: hashOf('sha256', '12345') }));
        expect(long).toBeInstanceOf(LimitError);
        expect(long).toMatchObject({ limitName: 'integrityBytes', limit: 4 });
        expect(await (await fetch(URL_)).text()).toBe('12345');
      },
      { integrityBytes: 4 },
    ),
  );

  test('may be as long as `integrityBytes`', () =>
    withFetch(
      () => HttpResponse.text('1234'),
      async (fetch) => {
        const response = await fetch(URL_, { integrity: hashOf('sha256', '1234') });
        expect(await response.text()).toBe('1234');
      },
      { integrityBytes: 4 },
    ));

  test.each<[string, Handler, RequestInit]>([
    ['HEAD', answer, { method: 'HEAD' }],
    ['204', () => HttpResponse.empty({ status: 204 }), {}],
  ])('has to be there: %s', (_what, handler, init) =>
    withFetch(handler, async (fetch) => {
      const cause = await causeOf(fetch(URL_, { ...init, integrity: hashOf('sha256', '') }));
      expect(cause).toMatchObject({ code: 'ERR_HTTP_INTEGRITY' });
    }),
  );

  test('may be empty', () =>
    withFetch(
      () => HttpResponse.text(''),
      async (fetch) => {
        expect(await (await fetch(URL_, { integrity: hashOf('sha256', '') })).text()).toBe('');
      },
    ));

  /** A fetch of five bytes, of which two come before `end` is called. */
  async function cut(end: (wire: Wire) => unknown, signal?: AbortSignal): Promise<unknown> {
    const [here, there] = memoryPair();
    const client = new HttpClient({ connect: async () => here });
    const wire = new Wire(there);
    const init = { integrity: WRONG.sha256, ...(signal === undefined ? {} : { signal }) };
    const asking = createFetch(client)(URL_, init).catch((error: unknown) => error);
    await wire.head();
    await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nab');
    await new Promise(setImmediate);
    await end(wire);
    const failure = await asking;
    await client.close();
    wire.stream.reset();
    return failure;
  }

  test('that is cut short fails with why', async () => {
    const failure = await cut((wire) => wire.finish());
    expect(failure).toBeInstanceOf(TypeError);
    expect((failure as TypeError).cause).toMatchObject({ code: 'ERR_HTTP_TRUNCATED' });
  });

  test('that is aborted fails with the reason of the signal', async () => {
    const reason = new RangeError('enough');
    const controller = new AbortController();
    expect(await cut(() => controller.abort(reason), controller.signal)).toBe(reason);
  });
});

describe('the cause of a TypeError', () => {
  const away: Handler = () =>
    HttpResponse.empty({ status: 302, headers: { Location: '/to?SECRET' } });

  test.each<[string, RequestInit, HttpClientOptions, RegExp, string]>([
    [
      '`redirect` is error',
      { redirect: 'error' },
      {},
      /`redirect` is 'error'/,
      'ERR_HTTP_REDIRECT',
    ],
    [
      'the client follows none',
      {},
      { maxRedirects: 0 },
      /`maxRedirects` .* is 0/,
      'ERR_HTTP_REDIRECT',
    ],
    ['there are too many', {}, { maxRedirects: 2 }, /more than 2/, 'ERR_HTTP_TOO_MANY_REDIRECTS'],
  ])(
    'is an error of awaitio when a redirect is not followed: %s',
    (_what, init, options, says, code) =>
      withFetch(
        away,
        async (fetch) => {
          const cause = await causeOf(fetch(URL_, init));
          expect(cause).toBeInstanceOf(IoError);
          expect(cause).toMatchObject({ code });
          expect((cause as Error).message).toMatch(says);
          expect((cause as Error).message).not.toContain('SECRET');
          expect(failedRequestOf(cause)).toMatchObject({ method: 'GET', origin: 'http://memory' });
        },
        {},
        options,
      ),
  );

  test('is an error of awaitio when a Location is no URL', () =>
    withFetch(
      () => HttpResponse.empty({ status: 301, headers: { Location: 'http://[' } }),
      async (fetch) => {
        const cause = await causeOf(fetch(URL_));
        expect(cause).toMatchObject({ code: 'ERR_HTTP_REDIRECT' });
        expect((cause as Error).message).toMatch(/Location is no URL/);
      },
    ));

  test.each<[string, object]>([
    ['a dispatcher', { dispatcher: { dispatch: () => true } }],
    ['a cache alone', { cache: 'only-if-cached', mode: 'same-origin' }],
  ])('is an error of awaitio for what it could not keep to: %s', (_what, init) =>
    withFetch(
      () => HttpResponse.text('sent'),
      async (fetch) => {
        expect(await causeOf(fetch(URL_, init as RequestInit))).toBeInstanceOf(InvalidInputError);
      },
    ),
  );

  test('is none for what a server has no use for', () =>
    withFetch(
      (request) => HttpResponse.json([...request.headers].map(([name]) => name).toSorted()),
      async (fetch) => {
        const plain = await (await fetch(URL_)).text();
        const init = {
          cache: 'no-store',
          credentials: 'include',
          dispatcher: undefined,
          keepalive: true,
          mode: 'cors',
          priority: 'high',
          referrer: 'about:client',
          referrerPolicy: 'no-referrer',
          window: null,
        };
        expect(await (await fetch(URL_, init as object)).text()).toBe(plain);
      },
    ));
});
