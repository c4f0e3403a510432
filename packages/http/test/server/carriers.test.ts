/** The same server and the same client on every carrier there is. */
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, test } from '@jest/globals';
import {
  IoError,
  MemoryListener,
  TcpListener,
  TcpStream,
  TlsListener,
  TlsStream,
  UnixListener,
  UnixStream,
  type Listener,
} from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { echo, HttpClient, HttpResponse, serve, type Connect } from '../../src/index.ts';

const authority = new TestAuthority();
const identity = authority.issue(['localhost']);
const trust = { ca: authority.cert, servername: 'localhost' };

/** What a test has opened, to be closed after it, the last one first. */
const opened: (() => Promise<unknown>)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

async function serving(handler: Parameters<typeof serve>[0], listener: Listener) {
  const server = await serve(handler, { listener });
  opened.push(() => server.shutdown());
  return server;
}

function clientOver(connect: Connect): HttpClient {
  const client = new HttpClient({ connect, connectTls: connect });
  opened.push(() => client.close());
  return client;
}

async function temporaryPath(): Promise<string> {
  const directory = await mkdtemp(join(tmpdir(), 'awaitio-http-'));
  opened.push(() => rm(directory, { recursive: true }));
  return join(directory, 'socket');
}

/** A listener, and how to reach it. */
interface Carrier {
  readonly listener: Listener;
  readonly connect: Connect;
}

const CARRIERS: readonly (readonly [name: string, make: () => Promise<Carrier>])[] = [
  [
    'TCP',
    async () => {
      const listener = await TcpListener.bind('127.0.0.1:0');
      return { listener, connect: (_, how) => TcpStream.connect(listener.localAddress, how) };
    },
  ],
  [
    'Unix sockets',
    async () => {
      const path = await temporaryPath();
      const listener = await UnixListener.bind(path);
      return { listener, connect: (_, how) => UnixStream.connect(path, how) };
    },
  ],
  [
    'TLS',
    async () => {
      const listener = await TlsListener.bind('127.0.0.1:0', identity);
      const connect: Connect = (_, how) =>
        TlsStream.connect(String(listener.localAddress), { ...trust, ...how });
      return { listener, connect };
    },
  ],
  [
    'TLS with certificates on both sides, on Unix sockets',
    async () => {
      const path = await temporaryPath();
      const listener = TlsListener.over(await UnixListener.bind(path), {
        ...identity,
        ca: authority.cert,
        clientCertificates: 'require',
      });
      const own = authority.issue(['a client']);
      const connect: Connect = (_, how) =>
        TlsStream.connect({ path }, { ...trust, ...own, ...how });
      return { listener, connect };
    },
  ],
  [
    'memory',
    async () => {
      const listener = new MemoryListener();
      return { listener, connect: () => listener.connect() };
    },
  ],
];

describe.each(CARRIERS)('over %s', (name, make) => {
  const scheme = name.startsWith('TLS') ? 'https' : 'http';

  test('requests are answered, one after another on one connection', async () => {
    const { listener, connect } = await make();
    const server = await serving(
      (request, { isEncrypted }) =>
        HttpResponse.json({ path: request.path, host: request.headers.get('host'), isEncrypted }),
      listener,
    );
    const client = clientOver(connect);
    for (const path of ['/one', '/two']) {
      const response = await client.get(`${scheme}://localhost${path}`);
      expect(await response.json()).toEqual({
        path,
        host: 'localhost',
        isEncrypted: scheme === 'https',
      });
    }
    expect(server.statistics()).toMatchObject({
      connections: { total: 1 },
      requests: { completed: 2 },
    });
  });

  test('a megabyte goes there and back while it is being sent', async () => {
    const { listener, connect } = await make();
    await serving(echo({ prefix: '' }), listener);
    const client = clientOver(connect);
    const piece = Buffer.alloc(65_536, 'awaitio ');
    function* body(): Generator<Uint8Array> {
      for (let count = 0; count < 16; count += 1) yield Buffer.from(piece);
    }
    const response = await client.post(`${scheme}://localhost/`, body());
    const got = await response.bytes({ limit: 1 << 21 });
    expect(Buffer.compare(got, Buffer.concat([...body()]))).toBe(0);
  });
});

test('a client without a certificate gets no further than the handshake, and others are served', async () => {
  const listener = await TlsListener.bind('127.0.0.1:0', {
    ...identity,
    ca: authority.cert,
    clientCertificates: 'require',
  });
  const { url } = await serving(() => HttpResponse.text('welcome'), listener);
  expect(url).toBe(`https://${String(listener.localAddress)}/`);
  const clientWith = (own: object): HttpClient =>
    clientOver((address, how) => TlsStream.connect(address, { ...trust, ...own, ...how }));
  // In TLS 1.3 the handshake is complete for the client: the refusal arrives where it reads its first response.
  await expect(clientWith({}).get(url)).rejects.toThrow(IoError);
  const response = await clientWith(authority.issue(['a friend'])).get(url);
  expect(await response.text()).toBe('welcome');
});

test('a client that expects another name refuses the server', async () => {
  const listener = await TlsListener.bind('127.0.0.1:0', identity);
  const { url } = await serving(() => HttpResponse.text('never'), listener);
  const client = clientOver((address, how) =>
    TlsStream.connect(address, { ca: authority.cert, ...how }),
  );
  await expect(client.get(url)).rejects.toMatchObject({ code: 'ERR_TLS_CERT_ALTNAME_INVALID' });
});
