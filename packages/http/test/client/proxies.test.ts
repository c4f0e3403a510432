/** Proxies: which one, by the rules of the environment; and the ways through one. */
import { describe, expect, test } from '@jest/globals';
import {
  AddressError,
  copyBidirectional,
  InvalidInputError,
  IoError,
  memoryPair,
  startTls,
} from '@awaitio/core';
import { TestAuthority } from '@awaitio/core/testing';
import { failureOf } from '../../../core/test/support/failure-of.ts';
import { failedRequestOf, HttpClient, type HttpClientOptions } from '../../src/index.ts';
import { readProxy } from '../../src/client/routes/proxies.ts';
import { ProxyRules, type Environment } from '../../src/client/routes/proxy-rules.ts';
import { parseTarget } from '../../src/client/routes/target.ts';
import { simulated, type World } from '../support/simulated.ts';
import { Wire } from '../support/wire.ts';

const proxyFor = (url: string, environment: Environment): string | undefined =>
  new ProxyRules(undefined, environment, readProxy).for(parseTarget(url))?.origin;

describe('the proxy of the environment', () => {
  test.each<[Environment, string, string | undefined]>([
    [{}, 'http://a/', undefined],
    [{ http_proxy: 'http://p:1' }, 'http://a/', 'http://p:1'],
    [{ http_proxy: 'http://p:1' }, 'https://a/', undefined],
    [{ https_proxy: 'http://p:1' }, 'https://a/', 'http://p:1'],
    [{ HTTP_PROXY: 'http://p:1' }, 'http://a/', 'http://p:1'],
    [{ http_proxy: 'http://p:1', HTTP_PROXY: 'http://p:2' }, 'http://a/', 'http://p:1'],
    [{ HTTP_PROXY: 'http://p:1', REQUEST_METHOD: 'GET' }, 'http://a/', undefined],
    [{ http_proxy: 'http://p:1', REQUEST_METHOD: 'GET' }, 'http://a/', 'http://p:1'],
    [{ HTTPS_PROXY: 'http://p:1', REQUEST_METHOD: 'GET' }, 'https://a/', 'http://p:1'],
    [{ all_proxy: 'http://p:1' }, 'http://a/', 'http://p:1'],
    [{ ALL_PROXY: 'http://p:1', https_proxy: 'https://q' }, 'https://a/', 'https://q'],
    [{ http_proxy: '', all_proxy: 'http://p:1' }, 'http://a/', 'http://p:1'],
    [{ http_proxy: 'p:8080' }, 'http://a/', 'http://p:8080'],
    [{ http_proxy: 'p' }, 'http://a/', 'http://p'],
    [{ all_proxy: 'http://p:1' }, 'http+unix://%2Fs/', undefined],
  ])('%j is for %s: %s', (environment, url, expected) => {
    expect(proxyFor(url, environment)).toBe(expected);
  });

  test.each([
    ['a', 'a', true],
    ['a', 'b', false],
    ['example.com', 'example.com', true],
    ['example.com', 'sub.example.com', true],
    ['example.com', 'badexample.com', false],
    ['.example.com', 'sub.example.com', true],
    ['.example.com', 'example.com', true],
    ['*.example.com', 'sub.example.com', true],
    ['EXAMPLE.com', 'example.COM', true],
    ['example.com.', 'example.com', true],
    ['example.com', 'example.com.', true],
    ['*', 'anything', true],
    ['a, b ,c', 'b', true],
    ['a b\tc', 'c', true],
    [',,', 'a', false],
    ['a:80', 'a', true],
    ['a:80', 'a:81', false],
    ['a:81', 'sub.a:81', true],
    ['10.0.0.1', '10.0.0.1', true],
    ['10.0.0.0/8', '10.1.2.3', true],
    ['10.0.0.0/8', '11.1.2.3', false],
    ['10.0.0.1:81', '10.0.0.1:81', true],
    ['10.0.0.1:81', '10.0.0.1', false],
    ['0.0.1', '10.0.0.1', true],
    ['::1', '[::1]', true],
    ['[::1]', '[::1]:99', true],
    ['[::1]:98', '[::1]:99', false],
    ['fd00::/8', '[fd12::1]', true],
    ['10.0.0.0/99', '10.0.0.1', false],
    ['unix', 'a', false],
    ['', 'a', false],
  ])('is not used where NO_PROXY is %j and the host %s: %s', (list, host, isExcepted) => {
    const environment = { http_proxy: 'http://p', no_proxy: list };
    expect(proxyFor(`http://${host}/`, environment)).toBe(isExcepted ? undefined : 'http://p');
  });

  test.each(['socks5://p:1', 'http://user:SECRET@[', 'http+unix://%2Fs/'])(
    'may not be %s, which is not shown',
    (text) => {
      expect(() => proxyFor('http://a/', { http_proxy: text })).toThrow(InvalidInputError);
      expect(() => proxyFor('http://a/', { http_proxy: text })).not.toThrow(/SECRET/);
    },
  );
});

describe('a wrong variable', () => {
  const SOCKS = 'socks5://user:SECRET@p:1';

  test.each<[string, Environment, string]>([
    ['all_proxy', { all_proxy: SOCKS }, 'http://a/'],
    ['all_proxy', { all_proxy: SOCKS }, 'https://a/'],
    ['ALL_PROXY', { ALL_PROXY: SOCKS, https_proxy: '' }, 'https://a/'],
    ['https_proxy', { https_proxy: SOCKS, all_proxy: 'http://p' }, 'https://a/'],
    ['HTTPS_PROXY', { HTTPS_PROXY: SOCKS }, 'https://a/'],
    ['HTTP_PROXY', { HTTP_PROXY: SOCKS, https_proxy: 'http://p' }, 'http://a/'],
    ['http_proxy', { http_proxy: SOCKS, HTTP_PROXY: 'http://p' }, 'http://a/'],
  ])('is named as it was read: %s of %j, for %s', (name, environment, url) => {
    let error: unknown;
    try {
      proxyFor(url, environment);
    } catch (reason) {
      error = reason;
    }
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toContain(`expected \`${name}\` to be`);
    expect((error as Error).message).toMatch(/socks5:; unset it/);
    expect((error as Error).message).not.toMatch(/SECRET/);
  });

  test.each<[Environment, string, string | undefined]>([
    [{ http_proxy: SOCKS }, 'https://a/', undefined],
    [{ http_proxy: SOCKS, https_proxy: 'http://p' }, 'https://a/', 'http://p'],
    [{ https_proxy: SOCKS, all_proxy: 'http://p' }, 'http://a/', 'http://p'],
    [{ all_proxy: SOCKS, no_proxy: 'a' }, 'http://a/', undefined],
    [{ all_proxy: SOCKS }, 'http+unix://%2Fs/', undefined],
  ])('is no matter of requests that do not go by it: %j for %s', (environment, url, expected) => {
    expect(proxyFor(url, environment)).toBe(expected);
  });
});

describe('through a proxy', () => {
  /** A client whose connections all lead to the host `proxy`, and the wires that arrive there. */
  async function viaProxy(world: World, proxy: string, options: HttpClientOptions = {}) {
    const listener = await world.sim.host('proxy').listen(3128);
    const client = world.client({ proxy, ...options });
    return { client, accept: async () => new Wire(await listener.accept()) };
  }

  test('http: URLs are asked for in absolute form, with its credentials', () =>
    simulated(async (world) => {
      const { client, accept } = await viaProxy(world, 'http://user:pass@proxy:3128');
      const asking = client.get('http://server:81/path?query#fragment');
      const wire = await accept();
      expect(await wire.head()).toBe(
        'GET http://server:81/path?query HTTP/1.1\r\nHost: server:81\r\n' +
          `Proxy-Authorization: Basic ${Buffer.from('user:pass').toString('base64')}\r\n\r\n`,
      );
      await wire.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
      expect(await (await asking).text()).toBe('ok');
      await wire.close();
    }));

  test('its credentials are not sent to a server', () =>
    simulated(async (world) => {
      const listener = await world.sim.host('server').listen(80);
      const proxied = await world.sim.host('proxy').listen(3128);
      const client = world.client({ proxy: 'http://user:pass@proxy:3128', tls: {} });
      const asking = failureOf(client.get('https://server/'));
      const wire = new Wire(await proxied.accept());
      expect(await wire.head()).toMatch(/^CONNECT server:443 HTTP\/1\.1\r\n.*Proxy-Auth/s);
      await wire.send('HTTP/1.1 200 Established\r\n\r\n');
      // What follows is TLS: nothing of it is a header.
      const first = (await wire.stream.readChunk()) as Uint8Array;
      expect(first[0]).toBe(0x16);
      wire.stream.reset();
      await asking;
      await listener.close();
    }));

  test('https: URLs are asked for in a tunnel', async () => {
    const authority = new TestAuthority();
    const heads: string[] = [];
    const client = new HttpClient({
      proxy: 'http://proxy:3128',
      tls: { ca: authority.cert },
      connect: async (address) => {
        heads.push(address);
        const [here, there] = memoryPair();
        const wire = new Wire(there);
        void (async () => {
          heads.push(await wire.head());
          await wire.send('HTTP/1.1 100 Continue\r\n\r\nHTTP/1.1 200 Fine\r\nX: y\r\n\r\n');
          const served = new Wire(
            await startTls(there, { role: 'server', ...authority.issue(['server.test']) }),
          );
          heads.push((await served.head()).split('\r\n')[0] ?? '');
          await served.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        })();
        return here;
      },
    });
    expect(await (await client.get('https://server.test/path')).text()).toBe('ok');
    expect(heads).toEqual([
      'proxy:3128',
      'CONNECT server.test:443 HTTP/1.1\r\nHost: server.test:443\r\n\r\n',
      'GET /path HTTP/1.1',
    ]);
    await client.close();
  });

  test('that is reached over TLS itself, both have their own name', async () => {
    const authority = new TestAuthority();
    const seen: unknown[] = [];
    const client = new HttpClient({
      proxy: 'https://proxy.test',
      tls: { ca: authority.cert, servername: 'server.test' },
      connect: async () => {
        const [here, there] = memoryPair();
        void (async () => {
          const outer = await startTls(there, {
            role: 'server',
            ...authority.issue(['proxy.test']),
          });
          seen.push(outer.servername);
          const wire = new Wire(outer);
          await wire.head();
          await wire.send('HTTP/1.1 200 OK\r\n\r\n');
          const [a, b] = memoryPair();
          void copyBidirectional(outer, a).catch(() => {});
          const inner = await startTls(b, { role: 'server', ...authority.issue(['server.test']) });
          seen.push(inner.servername);
          const served = new Wire(inner);
          await served.head();
          await served.send('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok');
        })();
        return here;
      },
    });
    expect(await (await client.get('https://elsewhere.test/')).text()).toBe('ok');
    expect(seen).toEqual(['proxy.test', 'server.test']);
    await client.close();
  });

  test.each([
    [
      'HTTP/1.1 407 Proxy Authentication Required\r\n\r\n',
      /answered 407.*not take the credentials/,
    ],
    ['HTTP/1.1 401 Unauthorized\r\n\r\n', /answered 401.*not take the credentials/],
    ['HTTP/1.1 502 Bad Gateway\r\nContent-Length: 3\r\n\r\nbad', /answered 502/],
    ['SSH-2.0-nonsense\r\n\r\n', /spoke no HTTP/],
    ['', /hung up/],
    [`HTTP/1.1 200 ${'x'.repeat(20_000)}`, /16384|delimiter/],
  ])('that answers %j there is no tunnel, and the error says so', (answer, says) =>
    simulated(async (world) => {
      const { client, accept } = await viaProxy(world, 'http://user:SECRET@proxy:3128');
      const failing = failureOf(client.get('https://server/path?SECRET'));
      const wire = await accept();
      await wire.head();
      await wire.send(answer).catch(() => {});
      if (answer === '') await wire.finish();
      const error = (await failing) as Error;
      expect(error).toBeInstanceOf(IoError);
      expect(error.message).toMatch(says);
      expect(error.message).not.toMatch(/SECRET/);
      expect(error).toMatchObject({ request: { phase: 'connect', isReplayable: true } });
      wire.stream.reset();
    }),
  );

  test.each(['http://server/', 'https://server/'])(
    'that refuses connections, the error for %s names it, without its credentials',
    (url) =>
      simulated(async (world) => {
        const client = world.client({ proxy: 'http://name:secret@gate:3128' });
        const error = await failureOf(client.get(url));
        expect(error).toBeInstanceOf(AddressError);
        expect((error as Error).message).toMatch(/; that is the proxy http:\/\/gate:3128$/);
        expect((error as Error).message).not.toContain('secret');
        expect(failedRequestOf(error)).toMatchObject({ phase: 'connect', isReplayable: true });
      }),
  );

  test.each([401, 407])('that asks for credentials with %i is to be given some', (status) =>
    simulated(async (world) => {
      const { client, accept } = await viaProxy(world, 'http://proxy:3128');
      const failing = failureOf(client.get('https://server/'));
      const wire = await accept();
      await wire.head();
      await wire.send(`HTTP/1.1 ${status} No\r\n\r\n`);
      expect(((await failing) as Error).message).toMatch(/; give it credentials in its URL/);
      wire.stream.reset();
    }),
  );

  test.each([
    'socks5://user:SECRET@p',
    new URL('ftp://user:SECRET@p'),
    '',
    'http://user:SECRET@[',
    'http+unix://%2Fs/',
  ])('that is given wrongly makes no client, and the error shows no credentials: %s', (proxy) => {
    let error: unknown;
    try {
      void new HttpClient({ proxy }).close();
    } catch (reason) {
      error = reason;
    }
    expect(error).toBeInstanceOf(InvalidInputError);
    expect((error as Error).message).toMatch(/expected `proxy` to be the URL of a proxy/);
    expect((error as Error).message).not.toMatch(/SECRET/);
  });
});
