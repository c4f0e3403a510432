import { getEventListeners } from 'node:events';
import { describe, expect, test } from '@jest/globals';
import {
  AddressError,
  ClosedError,
  InvalidInputError,
  TcpListener,
  TcpStream,
  WOULD_BLOCK,
  type TcpListenOptions,
} from '../../src/index.ts';
import { ReadyBits } from '../../src/lowlevel.ts';
import { keep } from '../support/keep.ts';

const bind = async (options: TcpListenOptions = {}): Promise<TcpListener> =>
  keep(await TcpListener.bind('127.0.0.1:0', options));

const connect = async (listener: TcpListener): Promise<TcpStream> =>
  keep(await TcpStream.connect(listener.localAddress));

const accept = async (listener: TcpListener): Promise<TcpStream> => keep(await listener.accept());

/** The peer's address, as text. */
const peerOf = ({ remoteAddress }: TcpStream): string => String(remoteAddress);
const selfOf = ({ localAddress }: TcpStream): string => String(localAddress);

/** A turn of the event loop, in which the kernel is asked. */
const turn = (): Promise<void> =>
  new Promise((resolve) => {
    setImmediate(resolve);
  });

describe('binding', () => {
  test('chooses a free port for port 0, and tells which', async () => {
    const [first, second] = [await bind(), await bind()];
    expect(first.localAddress.host).toBe('127.0.0.1');
    expect(first.localAddress.port).toBeGreaterThan(0);
    expect(second.localAddress.port).not.toBe(first.localAddress.port);
    expect(String(first.localAddress)).toBe(`127.0.0.1:${first.localAddress.port}`);
  });

  test('takes text, or host and port; without a host it is this machine only', async () => {
    const texts = [{ port: 0 }, { host: '127.0.0.1', port: 0 }, '127.0.0.1:0', ':0'];
    for (const address of texts) {
      const listener = keep(await TcpListener.bind(address));
      expect(listener.localAddress.host).toBe('127.0.0.1');
    }
  });

  test('fails where a listener is already, and works when it has gone', async () => {
    const first = await bind();
    const address = String(first.localAddress);
    await expect(TcpListener.bind(address)).rejects.toMatchObject({
      name: 'AddressError',
      code: 'EADDRINUSE',
      operation: 'bind',
      cause: { syscall: 'listen' },
    });
    await first.close();
    const second = keep(await TcpListener.bind(address));
    expect(String(second.localAddress)).toBe(address);
  });

  test('fails on an address of another machine', async () => {
    // 192.0.2.0/24 is reserved for documentation (RFC 5737): no interface has such an address.
    await expect(TcpListener.bind('192.0.2.1:0')).rejects.toMatchObject({
      name: 'AddressError',
      code: 'EADDRNOTAVAIL',
    });
  });

  test.each([
    ['an address without a port', '127.0.0.1', {}],
    ['a port beyond 65535', '127.0.0.1:70000', {}],
    ['no connections at all', '127.0.0.1:0', { maxConnections: 0 }],
    ['half a backlog', '127.0.0.1:0', { backlog: 0.5 }],
    ['what is no signal', '127.0.0.1:0', { signal: {} as AbortSignal }],
  ])('refuses %s, before anything is done', async (_what, address, options) => {
    await expect(TcpListener.bind(address, options)).rejects.toThrow(InvalidInputError);
  });

  test('with a signal that has aborted binds nothing', async () => {
    const { localAddress } = await bind();
    const signal = AbortSignal.abort('not now');
    // The port is taken, and that is not even tried.
    await expect(TcpListener.bind(localAddress, { signal })).rejects.toBe('not now');
  });
});

describe('accepting', () => {
  test('hands connections out in the order they were made', async () => {
    const listener = await bind();
    const clients: TcpStream[] = [];
    for (let count = 0; count < 5; count += 1) clients.push(await connect(listener));
    const accepted: TcpStream[] = [];
    for (let count = 0; count < 5; count += 1) accepted.push(await accept(listener));
    expect(accepted.map(peerOf)).toEqual(clients.map(selfOf));
  });

  test('serves the tasks that wait in the order they came', async () => {
    const listener = await bind();
    const waits = [0, 1, 2].map(async () => accept(listener));
    expect(listener.statistics().waits.map(({ operation }) => operation)).toEqual([
      'accept',
      'accept',
      'accept',
    ]);
    const clients: TcpStream[] = [];
    for (let count = 0; count < 3; count += 1) clients.push(await connect(listener));
    const accepted = await Promise.all(waits);
    expect(accepted.map(peerOf)).toEqual(clients.map(selfOf));
  });

  test('without waiting gives a stream or WOULD_BLOCK', async () => {
    const listener = await bind();
    expect(listener.tryAccept()).toBe(WOULD_BLOCK);
    const client = await connect(listener);
    await listener.readable();
    const accepted = listener.tryAccept();
    expect(accepted).not.toBe(WOULD_BLOCK);
    expect(peerOf(keep(accepted as TcpStream))).toBe(selfOf(client));
    expect(listener.tryAccept()).toBe(WOULD_BLOCK);
  });

  test('given up takes no connection, by its signal and by its time', async () => {
    const listener = await bind();
    const controller = new AbortController();
    const aborted = listener.accept({ signal: controller.signal });
    const late = listener.accept({ timeout: 5 });
    const patient = listener.accept({ timeout: 60_000 });
    controller.abort('enough');
    await expect(aborted).rejects.toBe('enough');
    await expect(late).rejects.toMatchObject({
      name: 'TimeoutError',
      operation: 'accept',
      timeout: 5,
    });
    const client = await connect(listener);
    expect(peerOf(keep(await patient))).toBe(selfOf(client));
    expect(listener.statistics()).toMatchObject({ accepted: 1, pending: 0, waits: [] });
  });

  test('with a signal that has aborted leaves a connection that is there', async () => {
    const listener = await bind();
    await connect(listener);
    await listener.readable();
    const signal = AbortSignal.abort('no');
    await expect(listener.accept({ signal })).rejects.toBe('no');
    await expect(listener.readable({ signal })).rejects.toBe('no');
    expect(listener.statistics().pending).toBe(1);
  });

  test('puts one listener on a signal, however many tasks wait', async () => {
    const listener = await bind();
    const controller = new AbortController();
    const { signal } = controller;
    const waits: Promise<unknown>[] = [];
    for (let count = 0; count < 10_000; count += 1) {
      waits.push(listener.accept({ signal }), listener.readable({ signal }));
    }
    const outcomes = Promise.allSettled(waits);
    expect(getEventListeners(signal, 'abort')).toHaveLength(1);
    controller.abort('all');
    const reasons = new Set((await outcomes).map((one) => one.status === 'rejected' && one.reason));
    expect([...reasons]).toEqual(['all']);
    expect(listener.statistics().waits).toEqual([]);
  });

  test('in a loop goes on until the listener closes; leaving the loop leaves it open', async () => {
    const listener = await bind();
    await connect(listener);
    for await (const stream of listener) {
      keep(stream);
      break;
    }
    const peers: string[] = [];
    const loop = (async () => {
      for await (const stream of listener) peers.push(peerOf(keep(stream)));
      return 'over';
    })();
    const clients = [await connect(listener), await connect(listener)];
    while (peers.length < 2) await turn();
    await listener.close();
    expect(await loop).toBe('over');
    expect(peers).toEqual(clients.map(selfOf));
  });

  test('gives streams the marks that the listener was bound with', async () => {
    const listener = await bind({ writeHighWaterMark: 1_000, readHighWaterMark: 500 });
    await connect(listener);
    const stream = await accept(listener);
    expect(stream.tryWrite(new Uint8Array(5_000))).toBe(1_000);
  });
});

describe('readiness of a listener', () => {
  test('is level-triggered, for any number of tasks, and shown to observers', async () => {
    const listener = await bind();
    let notices = 0;
    const observer = {
      onReadiness: (): void => {
        notices += 1;
      },
    };
    listener.observe(observer);
    expect(listener.readiness).toBe(0);
    const waits = [listener.readable(), listener.readable()];
    await connect(listener);
    await Promise.all(waits);
    await listener.readable();
    expect(notices).toBeGreaterThan(0);
    expect(listener.readiness).toBe(ReadyBits.READABLE);
    await accept(listener);
    expect(listener.readiness).toBe(0);
    listener.unobserve(observer);
    notices = 0;
    await listener.close();
    expect(notices).toBe(0);
    expect(listener.readiness & ReadyBits.READ_CLOSED).not.toBe(0);
  });

  test('has no connection to give while maxConnections streams are open', async () => {
    const listener = await bind({ maxConnections: 2 });
    for (let count = 0; count < 3; count += 1) await connect(listener);
    const [first] = [await accept(listener), await accept(listener)];
    while (listener.statistics().pending === 0) await turn();
    expect(listener.readiness).toBe(0);
    expect(listener.tryAccept()).toBe(WOULD_BLOCK);
    const waiting = listener.readable();
    await first.close();
    await waiting;
    expect(await accept(listener)).toBeInstanceOf(TcpStream);
    expect(listener.statistics()).toMatchObject({ accepted: 3, open: 2, pending: 0, refused: 0 });
  });
});

describe('closing a listener', () => {
  test('settles every wait, resets whom no one accepted, and is done twice', async () => {
    const listener = await bind();
    const waits = [listener.accept(), listener.accept(), listener.readable()];
    const outcomes = Promise.allSettled(waits);
    await Promise.all([listener.close(), listener.close()]);
    for (const outcome of await outcomes) {
      expect(outcome).toMatchObject({ reason: { code: 'ERR_LISTENER_CLOSED' } });
    }
    await listener.close();
    await listener[Symbol.asyncDispose]();
    await expect(listener.accept()).rejects.toThrow(ClosedError);
    await expect(listener.readable()).rejects.toThrow(ClosedError);
    expect(() => listener.tryAccept()).toThrow(ClosedError);
    for await (const stream of listener)
      throw new Error(`a stream after the end: ${peerOf(stream)}`);
    await expect(connect(listener)).rejects.toThrow(AddressError);
  });

  test('resets a connection that waits, and leaves those that were handed out', async () => {
    const listener = await bind();
    const [taken, left] = [await connect(listener), await connect(listener)];
    const accepted = await accept(listener);
    while (listener.statistics().pending === 0) await turn();
    await listener.close();
    await expect(left.readChunk()).rejects.toMatchObject({ code: 'ECONNRESET' });
    await accepted.writeAll('still here');
    expect(Buffer.from(await taken.readExactly(10)).toString()).toBe('still here');
    expect(listener.statistics()).toMatchObject({ open: 1, pending: 0 });
  });

  test('happens by its signal, which is left alone when it was closed before', async () => {
    const controller = new AbortController();
    const { signal } = controller;
    const listener = await bind({ signal });
    const closed = await bind({ signal });
    await closed.close();
    expect(getEventListeners(signal, 'abort').length).toBeLessThanOrEqual(1);
    const waiting = listener.accept();
    controller.abort();
    await expect(waiting).rejects.toThrow(ClosedError);
    await listener.close();
    await expect(connect(listener)).rejects.toThrow(AddressError);
  });

  test('leaves frozen figures', async () => {
    const listener = await bind();
    await connect(listener);
    await accept(listener);
    await listener.close();
    const figures = listener.statistics();
    expect(Object.isFrozen(figures) && Object.isFrozen(figures.waits)).toBe(true);
    expect(figures).toEqual({
      accepted: 1,
      open: 1,
      pending: 0,
      refused: 0,
      answering: 0,
      waits: [],
    });
  });
});
