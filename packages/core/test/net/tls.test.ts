import { describe, expect, test } from '@jest/globals';
import { setImmediate as turn } from 'node:timers/promises';
import { createSecureContext } from 'node:tls';
import {
  BrokenError,
  copy,
  CertificateError,
  InvalidInputError,
  memoryPair,
  seededRandom,
  startTls,
  TlsError,
  type TcpStream,
  type TlsStream,
} from '../../src/index.ts';
import { keep } from '../support/keep.ts';
import { relayedPair, tcpPair } from '../support/socket-pairs.ts';
import { authority, handshake, identity, secure, stranger, tlsPair } from '../support/tls.ts';

const textOf = (bytes: Uint8Array | null): string | null =>
  bytes === null ? null : Buffer.from(bytes).toString();

const VERSIONS = ['TLSv1.2', 'TLSv1.3'] as const;

describe('a TLS connection', () => {
  test('knows what was agreed on, and with whom', async () => {
    const { client, server } = keep(
      await tlsPair({ alpn: ['h2', 'http/1.1'] }, { alpn: ['http/1.1'] }),
    );
    expect(client).toMatchObject({
      protocol: 'TLSv1.3',
      cipher: 'TLS_AES_256_GCM_SHA384',
      alpnProtocol: 'http/1.1',
      isAuthorized: true,
      authorizationError: undefined,
      isResumed: false,
    });
    expect(server).toMatchObject({
      protocol: 'TLSv1.3',
      servername: 'example.test',
      alpnProtocol: 'http/1.1',
      isAuthorized: false,
      authorizationError: undefined,
    });
    expect(client.peerCertificate?.subject).toBe('CN=example.test');
    expect(client.peerCertificate?.checkHost('localhost')).toBe('localhost');
    expect(server.peerCertificate).toBeUndefined();
    expect(String(client.remoteAddress)).toBe(String(server.localAddress));
  });

  test('keeps the certificate that was looked at while it was open', async () => {
    const { client, close } = await tlsPair();
    const certificate = client.peerCertificate;
    await close();
    expect(client.peerCertificate).toBe(certificate);
  });

  test('agrees on no protocol when no one names one, or only one side', async () => {
    for (const [ours, theirs] of [
      [{}, {}],
      [{ alpn: ['h2'] }, {}],
      [{}, { alpn: ['h2'] }],
    ]) {
      const { client, server } = keep(await tlsPair(ours, theirs));
      expect([client.alpnProtocol, server.alpnProtocol]).toEqual([undefined, undefined]);
    }
  });

  test.each(VERSIONS)('carries %s both ways at once, more than buffers hold', async (version) => {
    const { client, server } = keep(await tlsPair({ maxVersion: version, minVersion: version }));
    expect(client.protocol).toBe(version);
    const sent = Buffer.alloc(2_000_000, 'abcdefg');
    const receive = async (stream: TlsStream): Promise<Buffer> => {
      const chunks: Uint8Array[] = [];
      for await (const chunk of stream) chunks.push(chunk);
      return Buffer.concat(chunks);
    };
    const send = async (stream: TlsStream): Promise<void> => {
      await stream.writeAll(sent);
      await stream.shutdown('write');
    };
    const [there, here] = await Promise.all([
      receive(client),
      receive(server),
      send(client),
      send(server),
    ]);
    expect(there.equals(sent)).toBe(true);
    expect(here.equals(sent)).toBe(true);
    expect([(await client.closed).how, (await server.closed).how]).not.toContain('error');
  });

  test.each(VERSIONS)('of %s can be shut down one way and read on the other', async (version) => {
    const { client, server } = keep(await tlsPair({ maxVersion: version }));
    await client.writeAll('question');
    await client.shutdown('write');
    expect(textOf(await server.readExactly(8))).toBe('question');
    expect(await server.readChunk()).toBeNull();
    await server.writeAll('answer');
    await server.close();
    expect(textOf(await client.readExactly(6))).toBe('answer');
    expect(await client.readChunk()).toBeNull();
    await client.close();
    expect(await client.closed).toMatchObject({ how: 'shutdown', by: 'local', unsent: 0 });
    expect(await server.closed).toMatchObject({ how: 'eof', by: 'peer', unsent: 0 });
  });

  test('resumes a session', async () => {
    const sessions: Uint8Array[] = [];
    const server = { secureContext: createSecureContext({ ...identity, sessionIdContext: 'x' }) };
    const first = keep(await tlsPair({ onSession: (session) => sessions.push(session) }, server));
    await first.server.writeAll('x');
    await first.client.readChunk();
    expect(first.client.isResumed).toBe(false);
    expect(sessions.length).toBeGreaterThan(0);
    const second = keep(await tlsPair({ session: sessions[0] }, server));
    expect([second.client.isResumed, second.server.isResumed]).toEqual([true, true]);
    expect(second.client.isAuthorized).toBe(true);
  });
});

describe('a server that does not prove who it is', () => {
  const past = new Date('2001-01-01');
  const future = new Date('2101-01-01');

  test.each([
    [
      'has an unknown issuer',
      stranger.issue(['example.test']),
      {},
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      /has an issuer that is neither in `ca` nor sent by the peer; to trust it, .*`tls\.ca` of an HttpClient.*NODE_EXTRA_CA_CERTS/,
    ],
    [
      'has expired',
      authority.issue(['example.test'], { validFrom: past, validTo: new Date('2002-01-01') }),
      {},
      'CERT_HAS_EXPIRED',
      /certificate of example.test has expired/,
    ],
    [
      'is not valid yet',
      authority.issue(['example.test'], { validFrom: future, validTo: new Date('2102-01-01') }),
      {},
      'CERT_NOT_YET_VALID',
      /is not valid yet/,
    ],
    [
      'is another',
      authority.issue(['other.test']),
      {},
      'ERR_TLS_CERT_ALTNAME_INVALID',
      /certificate of example.test was issued for other names/,
    ],
    [
      'is signed by itself',
      { key: identity.key, cert: identity.cert },
      { ca: [] },
      'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
      /issuer/,
    ],
    [
      'is not to the taste of the program',
      identity,
      { checkServerIdentity: (name: string) => new Error(`not ${name} again`) },
      'UNSPECIFIED',
      /is refused: not example.test again/,
    ],
  ])('is refused: it %s', async (_name, server, client, code, message) => {
    const result = keep(await handshake(client, server));
    expect(result.client).toBeInstanceOf(CertificateError);
    expect(result.client).toBeInstanceOf(TlsError);
    expect(result.client).toMatchObject({ code, operation: 'startTls' });
    expect((result.client as Error).message).toMatch(message);
    expect((result.client as Error).cause).toBeInstanceOf(Error);
    // The server finds out in its handshake, or afterwards.
    const end =
      result.server instanceof Error
        ? result.server
        : await (result.server as TlsStream).readChunk().catch((error: unknown) => error);
    expect(end === null || end instanceof BrokenError || end instanceof TlsError).toBe(true);
  });

  test('is served all the same without rejectUnauthorized, and the stream says so', async () => {
    const { client } = keep(
      await tlsPair({ rejectUnauthorized: false }, stranger.issue(['example.test'])),
    );
    expect(client.isAuthorized).toBe(false);
    expect(client.authorizationError).toBeInstanceOf(CertificateError);
    expect(client.authorizationError).toMatchObject({ code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
  });

  test('is checked by its IP address when it was connected to by that', async () => {
    const pair = keep(await tcpPair());
    const { client } = await secure(pair, { servername: undefined });
    expect(client.isAuthorized).toBe(true);
    const other = keep(await tcpPair());
    const [refused] = await Promise.allSettled([
      secure(other, { servername: undefined }, authority.issue(['127.0.0.2'])),
    ]);
    expect(refused).toMatchObject({ reason: { code: 'ERR_TLS_CERT_ALTNAME_INVALID' } });
  });
});

describe('the certificates of clients', () => {
  const known = authority.issue(['client.test']);
  const unknown = stranger.issue(['client.test']);
  const ca = authority.cert;

  test("are not asked for with 'ignore'", async () => {
    const { server } = keep(await tlsPair(known, { ca }));
    expect(server.peerCertificate).toBeUndefined();
    expect([server.isAuthorized, server.authorizationError]).toEqual([false, undefined]);
  });

  test.each([
    ['a known client', known, true, undefined],
    ['an unknown one', unknown, false, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['one without a certificate', {}, false, 'ERR_TLS_NO_CERTIFICATE'],
  ])("are looked at with 'request': %s", async (_name, client, isAuthorized, code) => {
    for (const version of VERSIONS) {
      const pair = keep(
        await tlsPair({ ...client, maxVersion: version }, { ca, clientCertificates: 'request' }),
      );
      expect(pair.server.isAuthorized).toBe(isAuthorized);
      expect(pair.server.authorizationError?.code).toBe(code);
      expect(pair.server.peerCertificate?.subject).toBe(
        'key' in client ? 'CN=client.test' : undefined,
      );
    }
  });

  test("have to be good with 'require'", async () => {
    const { server } = keep(await tlsPair(known, { ca, clientCertificates: 'require' }));
    expect(server.isAuthorized).toBe(true);
  });

  test.each([
    ['an unknown one', unknown, 'UNABLE_TO_VERIFY_LEAF_SIGNATURE'],
    ['none', {}, 'ERR_TLS_NO_CERTIFICATE'],
  ])("are refused with 'require': %s", async (_name, client, code) => {
    for (const maxVersion of VERSIONS) {
      const result = keep(
        await handshake({ ...client, maxVersion }, { ca, clientCertificates: 'require' }),
      );
      expect(result.server).toBeInstanceOf(CertificateError);
      expect(result.server).toMatchObject({ code, operation: 'startTls' });
      // Over TLS 1.3 the client has finished by then, and finds out by reading.
      const end =
        result.client instanceof Error
          ? result.client
          : await (result.client as TlsStream).readChunk().catch((error: unknown) => error);
      expect(end === null ? 'the end' : (end as Error).name).toMatch(/^(TlsError|BrokenError)$/);
    }
  });
});

describe('the name that a client asks for', () => {
  test('chooses keys and certificates, at once or later', async () => {
    const other = authority.issue(['other.test']);
    const asked: string[] = [];
    const sni = (name: string): typeof other | undefined => {
      asked.push(name);
      return name === 'other.test' ? other : undefined;
    };
    for (const choose of [sni, async (name: string) => sni(name)]) {
      const first = keep(await tlsPair({ servername: 'other.test' }, { sni: choose }));
      expect(first.client.peerCertificate?.subject).toBe('CN=other.test');
      expect(first.server.servername).toBe('other.test');
      const second = keep(await tlsPair({}, { sni: choose }));
      expect(second.client.peerCertificate?.subject).toBe('CN=example.test');
    }
    expect(asked).toEqual(['other.test', 'example.test', 'other.test', 'example.test']);
  });

  test('ends the handshake when choosing fails, and reaches no one else', async () => {
    for (const sni of [
      () => {
        throw new Error('no idea');
      },
      () => Promise.reject(new Error('no idea')),
      () => ({ key: 'nonsense' }),
    ]) {
      const result = keep(await handshake({}, { sni }));
      expect(result.server).toBeInstanceOf(Error);
      expect((result.server as Error).message).toMatch(/no idea|cannot be used/);
      expect(result.client).toBeInstanceOf(BrokenError);
    }
  });
});

describe('a handshake without common ground', () => {
  test('over protocols fails on both sides', async () => {
    const result = keep(await handshake({ alpn: ['h2'] }, { alpn: ['http/1.1'] }));
    expect(result.client).toMatchObject({
      name: 'TlsError',
      code: 'ERR_SSL_TLSV1_ALERT_NO_APPLICATION_PROTOCOL',
      message:
        'startTls: the TLS handshake with example.test failed: tlsv1 alert no application protocol',
    });
    expect(result.server).toMatchObject({ name: 'TlsError', operation: 'startTls' });
  });

  test('over versions fails on both sides', async () => {
    const result = keep(await handshake({ maxVersion: 'TLSv1.2' }, { minVersion: 'TLSv1.3' }));
    expect(result.client).toMatchObject({ name: 'TlsError' });
    expect(result.server).toMatchObject({ name: 'TlsError', code: 'ERR_SSL_UNSUPPORTED_PROTOCOL' });
  });

  test('with a peer that speaks no TLS says so', async () => {
    const { client, server } = keep(await tcpPair());
    const failing = secure({ client, server: keep(await tcpPair()).server }).catch(
      (error: unknown) => error,
    );
    await server.writeAll('220 welcome to a mail server\r\n');
    expect(await failing).toMatchObject({
      name: 'TlsError',
      message:
        'startTls: the TLS handshake with example.test failed: wrong version number; it may not speak TLS',
    });
    expect(client.isDisposed).toBe(true);
  });

  test.each([
    ['keys that are none', { key: 'nonsense', cert: identity.cert }],
    ['keys of another certificate', { key: stranger.issue(['x']).key, cert: identity.cert }],
    ['no such client certificates', { clientCertificates: 'maybe' as never }],
    ['an empty protocol', { alpn: [''] }],
    ['protocols that are no list', { alpn: 'h2' as never }],
    ['a name chooser that is none', { sni: {} as never }],
  ])('does not begin with %s', async (_name, options) => {
    const { client, server } = keep(await tcpPair());
    await expect(startTls(server, { role: 'server', ...identity, ...options })).rejects.toThrow(
      InvalidInputError,
    );
    await client.writeAll('as it was\n');
    expect(await server.readLine()).toBe('as it was');
  });
});

describe('the end of a TLS stream', () => {
  /** Ends the TCP connection below, without `close_notify`. */
  async function cut(options: { requireCloseNotify?: boolean }): Promise<TlsStream> {
    const relayed = keep(await relayedPair());
    const { client, server } = await secure(relayed, options);
    await server.writeAll('half of it');
    await client.readable();
    const { toClient } = await relayed.take();
    await toClient.shutdown('write');
    return client;
  }

  test('is the end also when it was only cut, as with other libraries', async () => {
    const client = await cut({});
    expect(textOf(await client.readExactly(10))).toBe('half of it');
    expect(await client.readChunk()).toBeNull();
  });

  test('is broken when it was cut and must not be, after the bytes that came', async () => {
    const client = await cut({ requireCloseNotify: true });
    expect(textOf(await client.readExactly(10))).toBe('half of it');
    await expect(client.readChunk()).rejects.toMatchObject({
      name: 'BrokenError',
      code: 'ERR_TLS_TRUNCATED',
    });
    expect(await client.closed).toMatchObject({
      how: 'error',
      error: { code: 'ERR_TLS_TRUNCATED' },
    });
  });

  test('is the end when goodbye was said and must be', async () => {
    const { client, server } = keep(await tlsPair({ requireCloseNotify: true }));
    await server.writeAll('all of it');
    await server.close();
    expect(textOf(await client.readExactly(9))).toBe('all of it');
    expect(await client.readChunk()).toBeNull();
  });

  test('is broken when the bytes below are not TLS any more', async () => {
    for (const role of ['client', 'server'] as const) {
      const relayed = keep(await relayedPair());
      const ends = await secure(relayed);
      // Session tickets come behind the handshake.
      await ends.server.writeAll('x');
      await ends.client.readExactly(1);
      const attacked = ends[role];
      const reading = attacked.readChunk();
      const { toClient, toServer } = await relayed.take();
      await (role === 'client' ? toClient : toServer).writeAll(
        'this is no record of TLS, and long enough to be looked at',
      );
      await expect(reading).rejects.toMatchObject({
        name: 'TlsError',
        message: expect.stringMatching(/^stream: [a-z ]+$/),
      });
      expect(await attacked.closed).toMatchObject({ how: 'error', by: 'peer' });
      await expect(attacked.writeAll('x')).rejects.toThrow(TlsError);
    }
  });

  test('reset is seen by the peer as what it is, with nothing forgotten', async () => {
    const { client, server } = keep(await tlsPair());
    const waits = [client.readChunk(), client.readLine({ timeout: 5_000 })].map((wait) =>
      wait.catch((error: unknown) => (error as Error).name),
    );
    server.reset(new Error('enough'));
    expect(await waits[0]).toBe('BrokenError');
    expect(await waits[1]).toBe('BusyError');
    expect(await server.closed).toMatchObject({ how: 'aborted', error: { message: 'enough' } });
    expect(await client.closed).toMatchObject({ how: 'reset', by: 'peer' });
  });

  test('closing waits no longer than linger for a peer that takes nothing', async () => {
    // In memory, where 100 turns without progress mean that the pipe is full: a kernel buffers some megabytes first.
    const [there, here] = memoryPair();
    const { client, server } = await secure({ client: there, server: here });
    const controller = new AbortController();
    const failure = server
      .writeAll(new Uint8Array(1_000_000), { transfer: true, signal: controller.signal })
      .catch((error: unknown) => error);
    for (let written = 0, still = 0; still < 100; still += 1) {
      await turn();
      const { bytesWritten } = server.statistics();
      if (bytesWritten !== written) still = 0;
      written = bytesWritten;
    }
    controller.abort(new Error('enough'));
    expect(await failure).toEqual(new Error('enough'));
    await server.close({ linger: 10 });
    expect(await server.closed).toMatchObject({ how: 'timeout', by: 'local' });
    expect((await server.closed).unsent).toBeGreaterThan(0);
    // Its socket is not read, so it does not notice.
    expect(client.isClosed).toBe(false);
    client.reset();
  });

  test('comes on both sides whatever is done to the connection, and reaches no one else', async () => {
    for (let seed = 1; seed <= 25; seed += 1) {
      const random = seededRandom(seed);
      const relayed = keep(await relayedPair());
      const version = { maxVersion: random.chance(0.5) ? VERSIONS[0] : VERSIONS[1] };
      const { client, server } = await secure(relayed, version, version);
      const below = await relayed.take();
      const garbage = Buffer.alloc(
        random.integer(5, 20_000),
        random.chance(0.5) ? '\x17\x03\x03' : 0,
      );
      const ignore = (): void => {};
      const either = (): TlsStream => (random.chance(0.5) ? client : server);
      const wire = (): TcpStream => (random.chance(0.5) ? below.toClient : below.toServer);
      const deeds: readonly (() => unknown)[] = [
        () =>
          either()
            .writeAll(Buffer.alloc(random.integer(0, 300_000)))
            .catch(ignore),
        () => either().shutdown('write').catch(ignore),
        () => either().close({ linger: 20 }),
        () => either().reset(),
        () => either().readChunk().catch(ignore),
        () => wire().writeAll(garbage).catch(ignore),
        () => wire().shutdown('write').catch(ignore),
        () => wire().reset(),
        () => copy(below.toClient, below.toServer).catch(ignore),
        () => copy(below.toServer, below.toClient).catch(ignore),
      ];
      for (let count = random.integer(3, 10); count > 0; count -= 1) {
        void deeds[random.integer(0, deeds.length - 1)]?.();
        if (random.chance(0.4)) await new Promise((resolve) => setImmediate(resolve));
      }
      await Promise.all([client.close({ linger: 20 }), server.close({ linger: 20 })]);
      expect(client.isClosed && server.isClosed).toBe(true);
      expect(client.statistics().waits).toEqual([]);
    }
  });
});
