/** `https:` URLs: TLS begins on whatever stream the client connects with, as a separate phase. */
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  CertificateError,
  memoryPair,
  startTls,
  TimeoutError,
  TlsError,
  TlsListener,
  type TlsStream,
  type ByteStream,
  type StartTlsServerOptions,
} from '@awaitio/core';
import { ManualClock, TestAuthority } from '@awaitio/core/testing';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import {
  echo,
  failedRequestOf,
  HttpClient,
  serve,
  type HttpClientOptions,
} from '../../src/index.ts';
import { Wire } from '../support/wire.ts';

const authority = new TestAuthority();
const identity = authority.issue(['example.test', 'localhost', '127.0.0.1']);
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

const URL_ = 'https://example.test/path';
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok';

/** A client whose connections lead to `serveOne`, which has the other end. */
function clientTo(
  serveOne: (stream: ByteStream) => Promise<void>,
  options: HttpClientOptions = {},
): HttpClient {
  const client = new HttpClient({
    connect: async () => {
      const [here, there] = memoryPair({ clock: options.clock });
      opened.push(() => there.reset());
      serveOne(there).catch(() => {});
      return here;
    },
    ...options,
  });
  opened.push(() => client.close());
  return client;
}

const tlsServer =
  (
    talk: (wire: Wire, stream: TlsStream) => Promise<void>,
    options: Partial<StartTlsServerOptions> = {},
  ) =>
  async (stream: ByteStream): Promise<void> => {
    const secured = await startTls(stream, { role: 'server', ...identity, ...options });
    opened.push(() => secured.reset());
    await talk(new Wire(secured), secured);
  };

const answers = tlsServer(async (wire) => {
  for (;;) {
    await wire.head();
    await wire.send(OK);
  }
});

describe('an https: URL', () => {
  test('is asked for over TLS, with the name of its host and http/1.1 as protocol', async () => {
    const seen: unknown[] = [];
    const client = clientTo(
      tlsServer(
        async (wire, stream) => {
          seen.push(stream.servername, stream.alpnProtocol, (await wire.head()).split('\r\n')[0]);
          await wire.send(OK);
        },
        { alpn: ['h2', 'http/1.1'] },
      ),
      { tls: { ca: authority.cert } },
    );
    const response = await client.get(URL_);
    expect([response.url, await response.text()]).toEqual([URL_, 'ok']);
    expect(seen).toEqual(['example.test', 'http/1.1', 'GET /path HTTP/1.1']);
  });

  test('works over sockets, without any option but the authority', async () => {
    const listener = await TlsListener.bind('127.0.0.1:0', identity);
    const server = await serve(echo(), { listener });
    opened.push(() => server.shutdown());
    const client = new HttpClient({ tls: { ca: authority.cert } });
    opened.push(() => client.close());
    const url = `https://${String(listener.localAddress)}/`;
    expect(await (await client.post(url, 'hello')).text()).toBe('echo: hello');
    expect(await (await client.post(url, 'again')).text()).toBe('echo: again');
    const { open } = client.statistics()[url.slice(0, -1)] ?? {};
    expect([1, 2]).toContain(open);
  });

  test('is what a redirect from http: may lead to', async () => {
    // The first hop goes over the same kind of stream: a plain one.
    const client = clientTo(
      async (stream) => {
        await stream.readable();
        const first = stream.peek(1) as Uint8Array;
        if (first[0] === 0x16) return answers(stream);
        const wire = new Wire(stream);
        await wire.head();
        await wire.send(`HTTP/1.1 302 Found\r\nLocation: ${URL_}\r\nContent-Length: 0\r\n\r\n`);
      },
      { tls: { ca: authority.cert } },
    );
    expect((await client.get('http://example.test/')).redirects).toBe(1);
  });

  test.each([
    ['that no authority has issued', {}, 'DEPTH_ZERO_SELF_SIGNED_CERT|UNABLE_TO_|SELF_SIGNED'],
    ['for another name', { ca: authority.cert, servername: 'other.test' }, 'ALTNAME'],
  ])('is not asked for behind a certificate %s', async (_what, tls, code) => {
    const error = await failureOf(clientTo(answers, { tls }).get(URL_));
    expect(error).toBeInstanceOf(CertificateError);
    expect((error as CertificateError).code).toMatch(new RegExp(code));
    expect(failedRequestOf(error)).toEqual({
      method: 'GET',
      origin: 'https://example.test',
      phase: 'tls',
      attempt: 0,
      isReplayable: true,
    });
  });

  test('presents the certificate of the client', async () => {
    const own = authority.issue(['client.test']);
    const subjects: unknown[] = [];
    const client = clientTo(
      tlsServer(
        async (wire, stream) => {
          subjects.push(stream.peerCertificate?.subjectAltName);
          await wire.head();
          await wire.send(OK);
        },
        { clientCertificates: 'require', ca: authority.cert },
      ),
      { tls: { ca: authority.cert, cert: own.cert, key: own.key } },
    );
    await client.get(URL_);
    expect(subjects).toEqual(['DNS:client.test']);
  });

  test('of a server that never shakes hands fails by the deadline of TLS, as such', async () => {
    const clock = new ManualClock();
    const client = clientTo(async () => {}, { clock, deadlines: { tls: 3_000 } });
    const failing = failureOf(client.get(URL_));
    for (let n = 0; n < 50; n += 1) {
      await new Promise(setImmediate);
      await clock.advance(100);
    }
    const error = await failing;
    expect(error).toBeInstanceOf(TimeoutError);
    expect(error).toMatchObject({ operation: 'tls', timeout: 3_000, request: { phase: 'tls' } });
  });

  test('of a server that speaks no TLS fails, and its stream is closed', async () => {
    const ends: Promise<unknown>[] = [];
    const client = clientTo(async (stream) => {
      ends.push(stream.readClosed());
      await stream.writeAll('HTTP/1.1 400 Bad Request\r\n\r\n');
    });
    expect(await failureOf(client.get(URL_))).toBeInstanceOf(TlsError);
    await ends[0];
  });

  test('whose body ends with the connection is not complete without close_notify', async () => {
    const client = clientTo(
      async (stream) => {
        const secured = await startTls(stream, { role: 'server', ...identity });
        const wire = new Wire(secured);
        await wire.head();
        await wire.send('HTTP/1.1 200 OK\r\n\r\nhalf of ');
        await secured.flush();
        // A FIN of a machine on the path.
        await stream.shutdown('write');
      },
      { tls: { ca: authority.cert } },
    );
    const response = await client.get(URL_);
    expect(await failureOf(response.text())).toMatchObject({ code: 'ERR_TLS_TRUNCATED' });
  });
});

test('`connectTls` connects in place of all that', async () => {
  const addresses: string[] = [];
  const client = clientTo(async () => {}, {
    connectTls: async (address) => {
      addresses.push(address);
      const [here, there] = memoryPair();
      const wire = new Wire(there);
      void wire.head().then(() => wire.send(OK));
      return here;
    },
  });
  expect(await (await client.get(URL_)).text()).toBe('ok');
  expect(addresses).toEqual(['example.test:443']);
});
