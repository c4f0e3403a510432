/** What the `https:` connections of a client share: a secure context, and the sessions that later ones resume. */
import type * as Tls from 'node:tls';
import { afterEach, describe, expect, jest, test } from '@jest/globals';
import { memoryPair, startTls, type ByteStream } from '@awaitio/core';
import { simulate, TestAuthority, type Simulation } from '@awaitio/core/testing';
import { HttpClient, type HttpClientOptions } from '../../src/index.ts';
import { Wire } from '../support/wire.ts';

const nodeTls: typeof Tls = process.getBuiltinModule('node:tls');
const authority = new TestAuthority();
const identity = authority.issue(['a.test', 'b.test', 'proxy.test']);
const opened: (() => unknown)[] = [];
afterEach(async () => {
  for (const close of opened.splice(0).toReversed()) await close();
});

type Version = 'TLSv1.2' | 'TLSv1.3';

/** Servers of all names, which resume each other's sessions: only the client keeps them apart. */
class Servers {
  /** Of each connection, in order: whether it resumed a session. */
  readonly seen: ('anew' | 'resumed')[] = [];
  /** Settles when they may answer. */
  gate: Promise<void> = Promise.resolve();
  readonly #context: Tls.SecureContext;

  constructor(version: Version) {
    const versions = { minVersion: version, maxVersion: version };
    const options = { ...identity, ...versions, sessionIdContext: 'test' };
    this.#context = nodeTls.createSecureContext(options);
  }

  /** Serves one request; through a tunnel, if it is asked for one. */
  async serve(stream: ByteStream): Promise<void> {
    const secured = await startTls(stream, { role: 'server', secureContext: this.#context });
    this.seen.push(secured.isResumed ? 'resumed' : 'anew');
    const wire = new Wire(secured);
    const head = await wire.head();
    if (head.startsWith('CONNECT')) {
      await wire.send('HTTP/1.1 200 OK\r\n\r\n');
      await this.serve(secured);
      return;
    }
    await this.gate;
    await wire.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
    await secured.close();
  }
}

/** A client whose connections lead to the servers of the moment. */
function clientTo(servers: () => Servers, options: HttpClientOptions = {}): HttpClient {
  const client = new HttpClient({
    connect: async () => {
      const [here, there] = memoryPair();
      opened.push(() => there.reset());
      servers()
        .serve(there)
        .catch(() => {});
      return here;
    },
    tls: { ca: authority.cert },
    ...options,
  });
  opened.push(() => client.close());
  return client;
}

async function ask(client: HttpClient, ...urls: readonly string[]): Promise<void> {
  for (const url of urls) expect(await (await client.get(url)).text()).toBe('ok');
}

const times = (count: number): string[] => Array.from({ length: count }, () => 'https://a.test/');
const resumedOf = ({ seen }: Servers): string[] => seen.filter((one) => one === 'resumed');

describe.each<Version>(['TLSv1.2', 'TLSv1.3'])('over %s', (version) => {
  test('a connection resumes the session of the one before it', async () => {
    const servers = new Servers(version);
    await ask(
      clientTo(() => servers),
      ...times(5),
    );
    expect(servers.seen).toEqual(['anew', ...times(4).map(() => 'resumed')]);
  });

  test('none is resumed at another origin, by another client, or where that is turned off', async () => {
    const servers = new Servers(version);
    const client = clientTo(() => servers);
    await ask(client, 'https://a.test/', 'https://b.test/', 'https://a.test:444/');
    await ask(
      clientTo(() => servers),
      'https://a.test/',
    );
    const tls = { ca: authority.cert, resumeSessions: false };
    await ask(
      clientTo(() => servers, { tls }),
      ...times(2),
    );
    expect([servers.seen.length, resumedOf(servers)]).toEqual([6, []]);
  });

  test('a server that does not know the session is reached all the same', async () => {
    const [before, after] = [new Servers(version), new Servers(version)];
    let servers = before;
    const client = clientTo(() => servers);
    await ask(client, ...times(1));
    servers = after;
    await ask(client, ...times(2));
    expect([before.seen, after.seen]).toEqual([['anew'], ['anew', 'resumed']]);
  });

  test('no more than four sessions are kept for an origin', async () => {
    const servers = new Servers(version);
    const client = clientTo(() => servers);
    const atOnce = async (): Promise<void> => {
      let open: (() => void) | undefined;
      servers.gate = new Promise((resolve) => {
        open = resolve;
      });
      const asking = Promise.all(times(8).map((url) => ask(client, url)));
      while (servers.seen.length % 8 > 0 || servers.seen.length === 0) {
        await new Promise(setImmediate);
      }
      open?.();
      await asking;
    };
    await atOnce();
    expect(resumedOf(servers)).toEqual([]);
    const { length } = servers.seen;
    servers.seen.length = 0;
    await atOnce();
    expect([length, resumedOf(servers).length]).toEqual([8, 4]);
  });

  test('the sessions of a proxy are shared by all that is reached through it, and no others', async () => {
    const servers = new Servers(version);
    const client = clientTo(() => servers, { proxy: 'https://proxy.test' });
    await ask(client, 'https://a.test/', 'https://a.test/', 'https://b.test/');
    expect(servers.seen).toEqual([
      'anew',
      'anew',
      'resumed',
      'resumed',
      // To the proxy, and to another server behind it.
      'resumed',
      'anew',
    ]);
  });

  test('one secure context serves all connections', async () => {
    const servers = new Servers(version);
    const create = jest.spyOn(nodeTls, 'createSecureContext');
    try {
      const client = clientTo(() => servers);
      await ask(client, ...times(2), 'https://b.test/');
      expect(create).toHaveBeenCalledTimes(1);
    } finally {
      create.mockRestore();
    }
  });
});

test('a session is not resumed when its certificate was refused', async () => {
  const servers = new Servers('TLSv1.3');
  const client = clientTo(() => servers, { tls: {} });
  for (let time = 0; time < 3; time += 1) {
    await expect(client.get('https://a.test/')).rejects.toMatchObject({ name: 'CertificateError' });
  }
  expect(resumedOf(servers)).toEqual([]);
});

test('in a simulation the same seed has the same run', async () => {
  const main = async (sim: Simulation): Promise<void> => {
    const listener = await sim.host('a.test').listen(443);
    sim.host('a.test').run(async () => {
      for await (const stream of listener) {
        const secured = await startTls(stream, { role: 'server', ...identity });
        const wire = new Wire(secured);
        await wire.head();
        await wire.send('HTTP/1.1 200 OK\r\nConnection: close\r\nContent-Length: 2\r\n\r\nok');
        await secured.close();
      }
    });
    const { clock } = sim;
    const { connect } = sim.host('client');
    await using client = new HttpClient({ connect, clock, tls: { ca: authority.cert } });
    await ask(client, ...times(3));
    await listener.close();
  };
  const first = await simulate({ seed: 7 }, main);
  const second = await simulate({ seed: 7 }, main);
  expect(second.hash).toBe(first.hash);
});
