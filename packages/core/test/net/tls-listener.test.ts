import { describe, expect, test } from '@jest/globals';
import {
  AddressError,
  BrokenError,
  ByteStream,
  ClosedError,
  InvalidInputError,
  MemoryListener,
  startTls,
  TcpListener,
  TcpStream,
  TlsListener,
  TlsStream,
  UnixListener,
  UnixStream,
  WOULD_BLOCK,
  type Address,
  type TlsBindOptions,
  type TlsListenOptions,
} from '../../src/index.ts';
import { ManualClock } from '../../src/testing/index.ts';
import { keep } from '../support/keep.ts';
import { temporaryPath } from '../support/socket-pairs.ts';
import { authority, identity, secure, stranger } from '../support/tls.ts';

const ca = authority.cert;

const bind = async (options: Partial<TlsBindOptions> = {}): Promise<TlsListener> =>
  keep(await TlsListener.bind('127.0.0.1:0', { ...identity, ...options }));

const connect = async (listener: TlsListener): Promise<TlsStream> =>
  keep(await TlsStream.connect(listener.localAddress as { host: string; port: number }, { ca }));

const accept = async (listener: TlsListener): Promise<TlsStream> => keep(await listener.accept());

/** Connects without a word of TLS. */
const knock = async ({ localAddress }: TlsListener): Promise<TcpStream> =>
  keep(await TcpStream.connect(localAddress as { host: string; port: number }));

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) {
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
  }
}

/** A listener in memory with TLS over it, and a way to connect to either. */
function inMemory(options: Partial<TlsListenOptions> = {}): {
  below: MemoryListener;
  listener: TlsListener;
  connect(): Promise<TlsStream>;
} {
  const below = new MemoryListener();
  const listener = keep(TlsListener.over(below, { ...identity, ...options }));
  return {
    below,
    listener,
    connect: async () =>
      keep(await startTls(await below.connect(), { ca, servername: 'example.test' })),
  };
}

describe('a TLS listener', () => {
  test('hands out connections whose handshake is done, to calls and to loops', async () => {
    const listener = await bind({ alpn: ['echo'] });
    const first = await connect(listener);
    expect(await accept(listener)).toMatchObject({
      protocol: 'TLSv1.3',
      remoteAddress: first.localAddress,
      localAddress: listener.localAddress,
    });
    const second = await connect(listener);
    for await (const stream of listener) {
      await stream.writeAll('hello\n');
      await stream.close();
      break;
    }
    expect(await second.readLine()).toBe('hello');
    expect(listener.statistics()).toMatchObject({ accepted: 2, open: 1, handshakes: 0 });
    await until(() => listener.statistics().open === 1);
    expect(listener.tryAccept()).toBe(WOULD_BLOCK);
  });

  test('serves others while one is slow, or fails, and tells of those who failed', async () => {
    const failures: [unknown, Address | undefined][] = [];
    const listener = await bind({
      onHandshakeError: (error, from) => {
        failures.push([error, from]);
        throw new Error('a failing callback');
      },
    });
    const silent = await knock(listener);
    const rude = await knock(listener);
    await rude.writeAll('GET / HTTP/1.1\r\n\r\n');
    const distrustful = TlsStream.connect(String(listener.localAddress), { ca: stranger.cert });
    await expect(distrustful).rejects.toThrow(/issuer/);
    await connect(listener);
    await accept(listener);
    await until(() => listener.statistics().failedHandshakes === 2);
    expect(listener.statistics()).toMatchObject({ handshakes: 1, accepted: 1, open: 1 });
    expect(failures.map(([error]) => (error as Error).name)).toContain('TlsError');
    expect(failures.map(([, from]) => String(from))).toContain(String(rude.localAddress));
    await silent.close();
    await until(() => listener.statistics().handshakes === 0);
    expect(failures.at(-1)?.[0]).toMatchObject({ name: 'BrokenError', operation: 'accept' });
  });

  test('gives a client ten seconds for its handshake, or as many as its options say', async () => {
    for (const [options, timeout] of [
      [{}, 10_000],
      [{ handshakeTimeout: 500 }, 500],
    ] as const) {
      const clock = new ManualClock();
      const errors: unknown[] = [];
      const { below, listener } = inMemory({
        ...options,
        clock,
        onHandshakeError: (error) => errors.push(error),
      });
      const silent = keep(await below.connect());
      await until(() => listener.statistics().handshakes === 1);
      await clock.advance(timeout - 1);
      expect(errors).toEqual([]);
      await clock.advance(1);
      expect(errors).toMatchObject([{ name: 'TimeoutError', operation: 'accept', timeout }]);
      await expect(silent.readChunk()).rejects.toThrow(BrokenError);
      await listener.close();
    }
  });

  test('leaves connections below, unread, while maxPending wait to be accepted', async () => {
    const { below, listener, connect: connectIn } = inMemory({ maxPending: 1 });
    await connectIn();
    await listener.readable();
    keep(await below.connect());
    expect(listener.statistics()).toMatchObject({ handshakes: 0, pending: 2 });
    await accept(listener);
    await until(() => listener.statistics().handshakes === 1);
  });

  test('hands out a client that spoke and left while it waited, with all that it said', async () => {
    const listener = await bind();
    const client = await connect(listener);
    await client.writeAll('gone before\n');
    await client.close();
    const quiet = await connect(listener);
    await quiet.close();
    await until(() => listener.statistics().pending === 2);
    const first = await accept(listener);
    expect(await first.readLine()).toBe('gone before');
    expect(await first.readLine()).toBeNull();
    expect(await (await accept(listener)).readChunk()).toBeNull();
  });

  test('has the bounds of the listener below', async () => {
    const listener = await bind({ maxConnections: 1, onOverflow: 'reset' });
    await connect(listener);
    await expect(connect(listener)).rejects.toMatchObject({ code: 'ECONNRESET' });
    expect(listener.statistics()).toMatchObject({ refused: 1 });
    const perAddress = await bind({ maxConnectionsPerAddress: 1 });
    await connect(perAddress);
    await expect(connect(perAddress)).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('takes other keys and certificates while it runs', async () => {
    const listener = await bind();
    const before = await connect(listener);
    expect(() => {
      listener.setCredentials({ key: 'nonsense' });
    }).toThrow(InvalidInputError);
    listener.setCredentials(authority.issue(['127.0.0.1']));
    const after = await connect(listener);
    expect([before, after].map((stream) => stream.peerCertificate?.subject)).toEqual([
      'CN=example.test',
      'CN=127.0.0.1',
    ]);
  });

  test('listens on Unix sockets, and over any listener', async () => {
    const { path, remove } = await temporaryPath();
    const bound = keep(await TlsListener.bind({ path }, identity));
    keep(await TlsStream.connect({ path }, { ca, servername: 'example.test' }));
    expect(String((await accept(bound)).localAddress)).toBe(`unix:${path}`);
    await bound.close();

    const over = keep(TlsListener.over(await UnixListener.bind(path), identity));
    keep(await TlsStream.connect({ path }, { ca, servername: 'example.test' }));
    await accept(over);
    await over.close();
    await remove();

    const { listener, connect: connectIn } = inMemory();
    await connectIn();
    expect((await accept(listener)).remoteAddress).toBeUndefined();
  });
});

describe('a TLS listener ends', () => {
  test('when it is closed: accepts, handshakes and those who waited with it, but no stream', async () => {
    const listener = await bind();
    const streaming = await connect(listener);
    const server = await accept(listener);
    const silent = await knock(listener);
    const unclaimed = await connect(listener);
    await listener.readable();
    await until(() => listener.statistics().handshakes === 1);
    await accept(listener);
    const accepting = listener.accept().catch((error: unknown) => error);
    await listener.close();
    expect(await accepting).toBeInstanceOf(ClosedError);
    expect(await silent.readChunk().catch(({ name }: Error) => name)).toBe('BrokenError');
    await unclaimed.close();
    expect(listener.statistics().failedHandshakes).toBe(0);
    await streaming.writeAll('still here\n');
    expect(await server.readLine()).toBe('still here');
    await expect(connect(listener)).rejects.toThrow(AddressError);
    await listener.close();
  });

  test('resets those who waited', async () => {
    const listener = await bind();
    const unclaimed = await connect(listener);
    await listener.readable();
    await listener.close();
    await expect(unclaimed.readChunk()).rejects.toMatchObject({ name: 'BrokenError' });
  });

  test('by its signal, also before it has begun', async () => {
    const controller = new AbortController();
    const listener = await bind({ signal: controller.signal });
    const accepting = listener.accept().catch((error: unknown) => error);
    controller.abort(new Error('over'));
    expect(await accepting).toBeInstanceOf(ClosedError);
    await expect(bind({ signal: controller.signal })).rejects.toThrow('over');
    const late = new AbortController();
    const binding = bind({ signal: late.signal });
    late.abort(new Error('changed my mind'));
    await expect(binding).rejects.toThrow('changed my mind');
  });

  test('with the listener below', async () => {
    const { below, listener } = inMemory();
    const accepting = listener.accept().catch((error: unknown) => error);
    await below.close();
    expect(await accepting).toBeInstanceOf(ClosedError);
    expect(listener.isDisposed).toBe(true);
  });

  test('before it begins when its options mean nothing, with nothing left open', async () => {
    for (const options of [
      { key: 'nonsense' },
      { maxPending: 0 },
      { maxHandshakes: 0 },
      { handshakeTimeout: -1 },
      { clientCertificates: 'maybe' },
      { onOverflow: () => undefined },
      { maxConnections: 0 },
    ]) {
      await expect(bind(options as never)).rejects.toThrow(InvalidInputError);
    }
    const first = await bind();
    await expect(TlsListener.bind(String(first.localAddress), identity)).rejects.toMatchObject({
      code: 'EADDRINUSE',
    });
  });
});

describe('connecting with TLS', () => {
  test('takes the name to check from the address, in all its forms', async () => {
    const listener = await bind();
    const { port } = listener.localAddress as { port: number };
    const names: (string | undefined)[] = [];
    for (const address of [`localhost:${port}`, { host: 'localhost', port }, `127.0.0.1:${port}`]) {
      keep(await TlsStream.connect(address, { ca }));
      names.push((await accept(listener)).servername);
    }
    // An IP address is verified, but not sent in SNI.
    expect(names).toEqual(['localhost', 'localhost', undefined]);
    await expect(
      TlsStream.connect(`localhost:${port}`, { ca, servername: 'x.test' }),
    ).rejects.toThrow(/certificate of x.test was issued for other names/);
  });

  test('takes no longer than its timeout, all in all', async () => {
    const below = keep(await TcpListener.bind('127.0.0.1:0'));
    await expect(TlsStream.connect(below.localAddress, { ca, timeout: 100 })).rejects.toMatchObject(
      { name: 'TimeoutError', operation: 'connect', timeout: 100 },
    );
    const left = keep(await below.accept());
    // The ClientHello came, and then the end or a reset.
    const end = await (async () => {
      for (;;) if ((await left.readChunk()) === null) return 'the end';
    })().catch(({ name }: Error) => name);
    expect(end).toBe('BrokenError');
  });

  test('is given up by its signal, while it shakes hands', async () => {
    const below = keep(await TcpListener.bind('127.0.0.1:0'));
    const controller = new AbortController();
    const { signal } = controller;
    const connecting = TlsStream.connect(below.localAddress, { ca, signal });
    const server = keep(await below.accept());
    await server.readChunk();
    controller.abort(new Error('enough'));
    await expect(connecting).rejects.toThrow('enough');
    await expect(server.readChunk()).rejects.toMatchObject({ code: 'ECONNRESET' });
  });

  test('says that the server broke off', async () => {
    const below = keep(await TcpListener.bind('127.0.0.1:0'));
    for (const leave of [
      (stream: TcpStream) => stream.close(),
      async (stream: TcpStream) => {
        stream.reset();
      },
    ]) {
      const connecting = TlsStream.connect(below.localAddress, { ca });
      const server = await below.accept();
      await server.readChunk();
      await leave(server);
      await expect(connecting).rejects.toMatchObject({
        name: 'BrokenError',
        code: 'ECONNRESET',
        operation: expect.stringMatching(/connect|stream/),
      });
    }
  });

  test('fails as TCP does where nothing listens, and before that for options that mean nothing', async () => {
    const listener = await bind();
    await listener.close();
    await expect(connect(listener)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
    await expect(TlsStream.connect('127.0.0.1:1', { servername: '' })).rejects.toThrow(
      InvalidInputError,
    );
    const { path, remove } = await temporaryPath();
    const unix = keep(await UnixListener.bind(path));
    await expect(TlsStream.connect({ path }, { ca })).rejects.toThrow(/`servername`/);
    expect(await keep(await unix.accept()).readChunk()).toBeNull();
    await unix.close();
    await remove();
  });
});

describe('going over to TLS', () => {
  test('takes what was read before for the beginning of the handshake', async () => {
    const below = keep(await TcpListener.bind('127.0.0.1:0'));
    const client = keep(await TcpStream.connect(below.localAddress));
    const server = keep(await below.accept());
    // As a proxy's header does, the line comes in one piece with the handshake.
    await client.writeAll('PROXY something\r\n');
    const securing = startTls(client, { ca, servername: 'example.test' });
    await server.readable();
    expect(await server.readLine()).toBe('PROXY something');
    const served = keep(await startTls(server, { role: 'server', ...identity }));
    await keep(await securing).writeAll('secret\n');
    expect(await served.readLine()).toBe('secret');
  });

  test('happens in the middle of a conversation', async () => {
    const below = keep(await TcpListener.bind('127.0.0.1:0'));
    const client = keep(await TcpStream.connect(below.localAddress));
    const server = keep(await below.accept());
    const serving = (async () => {
      expect(await server.readLine()).toBe('STARTTLS');
      await server.writeAll('220 go ahead\r\n');
      return keep(await startTls(server, { role: 'server', ...identity }));
    })();
    await client.writeAll('STARTTLS\r\n');
    expect(await client.readLine()).toBe('220 go ahead');
    const secured = keep(await startTls(client, { ca, servername: 'example.test' }));
    await secured.writeAll('EHLO\r\n');
    expect(await (await serving).readLine()).toBe('EHLO');
    expect(below.statistics().open).toBe(1);
    await secured.close();
    await (await serving).close();
    await until(() => below.statistics().open === 0);
  });

  test('works inside TLS', async () => {
    const { listener, connect: connectIn } = inMemory();
    const [outerClient, outerServer] = [await connectIn(), await accept(listener)];
    const inner = { client: outerClient, server: outerServer };
    const { client, server } = await secure(inner, { servername: 'localhost' });
    await client.writeAll('twice as secret\n');
    expect(await server.readLine()).toBe('twice as secret');
    expect(client.servername).toBe('localhost');
    await Promise.all([client.close(), server.close()]);
  });

  test('leaves a stream that cannot as it is', async () => {
    const below = keep(new MemoryListener());
    const there = keep(await below.connect());
    const here = keep(await below.accept());
    const options = { ca, servername: 'example.test' };
    const reading = here.readLine();
    await expect(startTls(here, options)).rejects.toMatchObject({ name: 'BusyError' });
    await expect(startTls(here, { ...options, role: 'both' as never })).rejects.toThrow(/`role`/);
    await expect(startTls(here, { ca })).rejects.toThrow(/`servername`/);
    await expect(startTls(here, { ...options, signal: AbortSignal.abort(7) })).rejects.toBe(7);
    await there.writeAll('as it was\n');
    expect(await reading).toBe('as it was');
    await there.shutdown('write');
    await here.readClosed();
    await expect(startTls(here, options)).rejects.toMatchObject({ name: 'UnexpectedEofError' });
    await here.writeAll('still\n');
    await here.close();
    await expect(startTls(here, options)).rejects.toThrow(ClosedError);
    expect(here).toBeInstanceOf(ByteStream);
  });

  test('is given up by its timeout, and the connection with it', async () => {
    const clock = new ManualClock();
    const below = keep(new MemoryListener({ clock }));
    const there = keep(await below.connect());
    const here = keep(await below.accept());
    const failing = startTls(here, { role: 'server', ...identity, clock, timeout: 50 }).catch(
      (error: unknown) => error,
    );
    await clock.advance(50);
    expect(await failing).toMatchObject({
      name: 'TimeoutError',
      operation: 'startTls',
      timeout: 50,
    });
    expect(here.isDisposed).toBe(true);
    await expect(there.readChunk()).rejects.toThrow(BrokenError);
  });

  test('over a Unix socket needs the name of the server', async () => {
    const { path, remove } = await temporaryPath();
    const unix = keep(await UnixListener.bind(path));
    const stream = keep(await UnixStream.connect(path));
    await expect(startTls(stream, { ca })).rejects.toThrow(/`servername`/);
    await unix.close();
    await remove();
  });
});
