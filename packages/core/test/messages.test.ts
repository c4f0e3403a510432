/**
 * Every class and every code of docs/errors.md, made as a program would meet it, and its message: it names the call, what
 * was expected and what came, says what to do where that is known, and holds no byte of a stream.
 */
import { afterEach, describe, expect, test } from '@jest/globals';
import { readFileSync } from 'node:fs';
import {
  AddressList,
  ByteStream,
  cancelScope,
  CancelledError,
  Executor,
  IoError,
  lengthDelimited,
  lines,
  MemoryListener,
  memoryPair,
  Poll,
  Interest,
  startTls,
  TcpListener,
  TcpStream,
  TlsStream,
  UdpSocket,
  UnixStream,
} from '../src/index.ts';
import {
  broadcast,
  channel,
  Mutex,
  oneshot,
  RateLimiter,
  retry,
  Semaphore,
} from '../src/sync/index.ts';
import { simulate, TestAuthority } from '../src/testing/index.ts';
import { accessDenied } from '../src/net/socket/permission.ts';
import { translateError } from '../src/vocabulary/translate-error.ts';
import { GONE } from './support/gone-transport.ts';

const SECRET = 'SECRET';

const streams: ByteStream[] = [];
afterEach(() => {
  for (const stream of streams.splice(0)) stream.reset();
});

function pair(): [ByteStream, ByteStream] {
  const made = memoryPair();
  streams.push(...made);
  return made;
}

/** A stream whose other end has written and finished. */
async function ended(text: string | Uint8Array): Promise<ByteStream> {
  const [a, b] = pair();
  await b.writeAll(text);
  await b.shutdown('write');
  return a;
}

const never = (): Promise<void> => new Promise(() => {});
const authority = new TestAuthority();

/** Both sides of a handshake over memory; what the client, or else the server, fails with. */
async function handshake(client: object, server: object): Promise<unknown> {
  const [a, b] = pair();
  const outcomes = await Promise.allSettled([
    startTls(a, { servername: 'a.test', ca: authority.cert, ...client }),
    startTls(b, { role: 'server', ...authority.issue(['a.test']), ...server }),
  ]);
  for (const outcome of outcomes) {
    if (outcome.status === 'fulfilled') streams.push(outcome.value);
  }
  return outcomes.find((outcome) => outcome.status === 'rejected')?.reason;
}

interface Case {
  readonly code: string;
  readonly name: string;
  /** What the message says after the call's name; `[…]` stands for anything. */
  readonly says: string;
  readonly make: () => unknown;
}

const HAS_REUSE_PORT = !/^(?:20|22\.[0-9]\.|22\.1[01]\.)/.test(process.versions.node);

const CASES: readonly Case[] = [
  {
    code: 'ERR_NO_REASON',
    name: 'IoError',
    says: 'it failed without a reason (undefined)',
    make: () =>
      TcpStream.connect('name.test:1', {
        lookup: () => {
          // oxlint-disable-next-line typescript/only-throw-error -- what programs do
          throw undefined;
        },
      }),
  },
  {
    code: 'EBUSY',
    name: 'BusyError',
    says: 'another task is in readChunk of this stream; one task at a time may read',
    make: () => {
      const [a] = pair();
      void a.readChunk().catch(() => {});
      return a.readChunk();
    },
  },
  {
    code: 'ETIMEDOUT',
    name: 'TimeoutError',
    says: 'readChunk did not finish within 0 ms',
    make: () => pair()[0].readChunk({ timeout: 0 }),
  },
  ...(HAS_REUSE_PORT
    ? []
    : [
        {
          code: 'ENOTSUP',
          name: 'AddressError',
          says: '`reusePort` needs Node 22.12 or later',
          make: () => TcpListener.bind('127.0.0.1:0', { reusePort: true }),
        },
      ]),
  {
    code: 'ERR_BARE_LINE_END',
    name: 'FrameError',
    says: 'expected CRLF to end a line, got a CR or LF without the other',
    make: async () => lines(await ended(`${SECRET}\n`), { lineEnd: 'crlf' }).read(),
  },
  {
    code: 'ERR_CANCELLED',
    name: 'CancelledError',
    says: 'it was cancelled from outside: the file is complete',
    make: () =>
      cancelScope(async ({ cancel, signal }) => {
        cancel(new Error('the file is complete'));
        throw signal.reason;
      }).then(() => {
        throw new CancelledError('cancelScope', new Error('the file is complete'));
      }),
  },
  {
    code: 'ERR_CHANNEL_CLOSED',
    name: 'ClosedError',
    says: 'the receiving side of this channel was closed',
    make: () => {
      const [sender, receiver] = channel<string>({ capacity: 1 });
      receiver.close();
      return sender.send(SECRET);
    },
  },
  {
    code: 'ERR_CHANNEL_CLOSED',
    name: 'ClosedError',
    says: 'nothing comes from this oneshot: its sender was closed, and sent nothing',
    make: () => {
      const [sender, receiver] = oneshot<string>();
      sender.close();
      return receiver.receive();
    },
  },
  {
    code: 'ERR_HANDLE_CLOSED',
    name: 'ClosedError',
    says: 'this sender was closed by this side',
    make: () => {
      const [sender] = channel<string>({ capacity: 1 });
      sender.close();
      return sender.send(SECRET);
    },
  },
  {
    code: 'ERR_HANDLE_CLOSED',
    name: 'ClosedError',
    says: 'this guard was unlocked; lock the mutex again',
    make: async () => {
      const guard = await new Mutex(SECRET).lock();
      guard.unlock();
      return guard.value;
    },
  },
  {
    code: 'ERR_LAGGED',
    name: 'LagError',
    says: '2 values were overwritten before this receiver took them; receive more often, or raise `capacity`',
    make: () => {
      const [sender, receiver] = broadcast<string>({ capacity: 1 });
      for (let n = 0; n < 3; n += 1) sender.send(SECRET);
      return receiver.receive();
    },
  },
  {
    code: 'ERR_LIMIT',
    name: 'LimitError',
    says: '2 tokens never fit into a bucket of 1; raise `burst`, or take fewer',
    make: () => new RateLimiter({ rate: 1, burst: 1 }).acquire(2),
  },
  {
    code: 'ERR_RETRY_FAILED',
    name: 'RetryError',
    says: '2 attempts failed, the last one with: no luck',
    make: () =>
      retry(
        () => {
          throw new Error('no luck');
        },
        { attempts: 2, backoff: 0 },
      ),
  },
  {
    code: 'ERR_SEMAPHORE_CLOSED',
    name: 'ClosedError',
    says: 'this semaphore "disk" was closed',
    make: () => {
      const semaphore = new Semaphore(1, { name: 'disk' });
      semaphore.close();
      return semaphore.acquire();
    },
  },
  {
    code: 'ERR_CONNECTION_GONE',
    name: 'BrokenError',
    says: 'the connection was closed',
    make: () => new ByteStream(GONE).readChunk(),
  },
  {
    code: 'ERR_EXECUTOR_SHUT_DOWN',
    name: 'ClosedError',
    says: 'executor was shut down',
    make: async () => {
      const executor = new Executor();
      await executor.shutdown();
      executor.spawn(() => {});
    },
  },
  {
    code: 'ERR_FRAME_LENGTH',
    name: 'FrameError',
    says: 'expected a length of at least 4, which includes the length field, got 1',
    make: async () => lengthDelimited(await ended('\0\0\0\u0001'), { includesHeader: true }).read(),
  },
  {
    code: 'ERR_GROUP_CLOSED',
    name: 'ClosedError',
    says: 'this group takes no more tasks',
    make: async () => {
      const group = await new Executor().group((own) => own);
      group.spawn(() => {});
    },
  },
  {
    code: 'ERR_INVALID_INPUT',
    name: 'InvalidInputError',
    says: 'unknown option `timeot`: did you mean `timeout`?',
    make: () => TcpStream.connect('127.0.0.1:1', { timeot: 5 } as object),
  },
  {
    code: 'ERR_INVALID_UTF8',
    name: 'FrameError',
    says: 'expected a line of UTF-8, got bytes that are not UTF-8',
    make: async () =>
      lines(await ended(Buffer.from(`${SECRET}\u00ff\n`, 'latin1')), { fatal: true }).read(),
  },
  {
    code: 'ERR_ACCESS_DENIED',
    name: 'IoError',
    says: 'this process may not use the network; under the permission model, start node with --allow-net',
    make: () => {
      throw translateError(accessDenied(), 'bind');
    },
  },
  {
    code: 'ERR_IP_BLOCKED',
    name: 'AddressError',
    says: 'every address of 127.0.0.1 is on the block list: 127.0.0.1',
    make: () => TcpStream.connect('127.0.0.1:1', { blockList: new AddressList(['127.0.0.0/8']) }),
  },
  {
    code: 'ERR_LIMIT',
    name: 'LimitError',
    says: 'found no delimiter within 3 bytes',
    make: async () => (await ended(SECRET)).readLine({ limit: 3 }),
  },
  {
    code: 'ERR_LISTENER_CLOSED',
    name: 'ClosedError',
    says: 'this listener was closed by this side',
    make: async () => {
      const listener = new MemoryListener();
      await listener.close();
      await listener.accept();
    },
  },
  {
    code: 'ERR_POLL_CLOSED',
    name: 'ClosedError',
    says: 'this poll set was closed by this side',
    make: () => {
      const poll = new Poll();
      poll.close();
      return poll.poll();
    },
  },
  {
    code: 'ERR_SOCKET_CLOSED',
    name: 'ClosedError',
    says: 'this socket was closed by this side',
    make: async () => {
      const socket = await UdpSocket.bind('127.0.0.1:0');
      await socket.close();
      await socket.recvFrom();
    },
  },
  {
    code: 'ERR_SOCKET_CLOSED_BEFORE_CONNECTION',
    name: 'ClosedError',
    says: 'the socket was closed before it was connected',
    make: async () => {
      await simulate({}, async (sim) => {
        const socket = sim.host('client').net.connect(80, 'server');
        const refused = new Promise<void>((resolve, reject) => {
          socket.write('x', (error) => (error ? reject(error) : resolve()));
        });
        socket.destroy();
        await refused;
      }).catch((error: unknown) => {
        throw (error as Error).cause;
      });
    },
  },
  {
    code: 'ERR_SOURCE_CLOSED',
    name: 'ClosedError',
    says: 'this source was closed by this side',
    make: async () => {
      const [a] = pair();
      a.reset();
      new Poll().register(a, 1, Interest.READABLE);
    },
  },
  {
    code: 'ERR_STREAM_CLOSED',
    name: 'ClosedError',
    says: 'this stream was closed by this side',
    make: () => {
      const [a] = pair();
      a.reset();
      return a.readChunk();
    },
  },
  {
    code: 'ERR_TASK_ABORTED',
    name: 'ClosedError',
    says: 'the task was aborted',
    make: async () => {
      const task = new Executor().spawn(never, { name: 'mine' });
      task.abort();
      await task;
    },
  },
  {
    code: 'ERR_TASK_ENDED',
    name: 'ClosedError',
    says: 'the task mine has ended and can have no more children',
    make: async () => {
      const context = await new Executor().spawn((own) => own, { name: 'mine' });
      context.spawn(() => {});
    },
  },
  {
    code: 'ERR_TLS_NO_CERTIFICATE',
    name: 'CertificateError',
    says: 'the peer sent no certificate',
    make: async () => {
      const [a, b] = pair();
      const [client, server] = await Promise.allSettled([
        startTls(a, { servername: 'a.test', ca: authority.cert }),
        startTls(b, {
          role: 'server',
          ...authority.issue(['a.test']),
          clientCertificates: 'require',
          ca: authority.cert,
        }),
      ]);
      if (client.status === 'fulfilled') streams.push(client.value);
      throw (server as PromiseRejectedResult).reason;
    },
  },
  {
    code: 'ERR_TLS_TRUNCATED',
    name: 'BrokenError',
    says: 'it was truncated: it ended without `close_notify`',
    make: async () => {
      const [a, b] = pair();
      const [client] = await Promise.all([
        startTls(a, { servername: 'a.test', ca: authority.cert, requireCloseNotify: true }),
        startTls(b, { role: 'server', ...authority.issue(['a.test']) }),
      ]);
      streams.push(client);
      await b.shutdown('write');
      await client.readChunk();
    },
  },
  {
    code: 'ERR_UNEXPECTED_EOF',
    name: 'UnexpectedEofError',
    says: 'the stream ended before 9 bytes arrived; the 6 bytes that arrived can still be read',
    make: async () => (await ended(SECRET)).readExactly(9),
  },
  {
    code: 'ERR_WRITE_SHUT_DOWN',
    name: 'ClosedError',
    says: 'writing was shut down by this side',
    make: async () => {
      const [a] = pair();
      await a.shutdown('write');
      await a.writeAll(SECRET);
    },
  },
  // --- Codes of the system, of Node and of OpenSSL ------------------------------------------------------------
  {
    code: 'EADDRINUSE',
    name: 'AddressError',
    says: 'listen EADDRINUSE: address already in use […]; another socket has that address: stop its process, or bind port 0 to get a free one',
    make: async () => {
      await using listener = await TcpListener.bind('127.0.0.1:0');
      await TcpListener.bind(listener.localAddress);
    },
  },
  {
    code: 'EMFILE',
    name: 'IoError',
    says: 'accept EMFILE',
    // As the listener reports it: the tests must not run out of descriptors.
    make: () => {
      throw translateError(Object.assign(new Error('accept EMFILE'), { code: 'EMFILE' }), 'accept');
    },
  },
  {
    code: 'EACCES',
    name: 'AddressError',
    says: 'listen EACCES: permission denied 0.0.0.0:80; this process may not use that address: a port below 1024 needs a privilege, a path the permission to write there',
    // As Node reports it: the user of the tests may be one who is allowed to.
    make: () => {
      const error = Object.assign(new Error('listen EACCES: permission denied 0.0.0.0:80'), {
        code: 'EACCES',
      });
      throw translateError(error, 'bind');
    },
  },
  {
    code: 'ECONNREFUSED',
    name: 'AddressError',
    says: 'connect ECONNREFUSED 127.0.0.1:1; nothing listens there',
    make: () => TcpStream.connect('127.0.0.1:1'),
  },
  {
    code: 'ENOTFOUND',
    name: 'AddressError',
    says: 'getaddrinfo ENOTFOUND nowhere.test; no such name is known: check its spelling, and the network',
    make: () =>
      TcpStream.connect('nowhere.test:80', {
        lookup: (_name, _options, done) => {
          const error = new Error('getaddrinfo ENOTFOUND nowhere.test');
          done(Object.assign(error, { code: 'ENOTFOUND' }), []);
        },
      }),
  },
  {
    code: 'ENOENT',
    name: 'AddressError',
    says: 'connect ENOENT /tmp/awaitio-none.sock; there is no such socket file',
    make: () => UnixStream.connect('/tmp/awaitio-none.sock'),
  },
  {
    code: 'ECONNRESET',
    name: 'BrokenError',
    says: 'the peer reset the connection',
    make: () => {
      const [a, b] = pair();
      const reading = a.readChunk();
      b.reset();
      return reading;
    },
  },
  {
    code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
    name: 'CertificateError',
    says: 'the certificate of a.test has an issuer that is neither in `ca` nor sent by the peer; to trust it, give the certificate of its authority as `ca` (`tls.ca` of an HttpClient), or, where no `ca` is given, in the file that NODE_EXTRA_CA_CERTS names',
    make: async () => {
      throw await handshake({ ca: new TestAuthority('another').cert }, {});
    },
  },
  {
    code: 'ERR_SSL_WRONG_VERSION_NUMBER',
    name: 'TlsError',
    says: 'the TLS handshake with […] failed: wrong version number; it may not speak TLS',
    make: async () => {
      await using listener = await TcpListener.bind('127.0.0.1:0');
      const accepting = listener.accept().then((stream) => {
        streams.push(stream);
        return stream.writeAll(`HTTP/1.1 400 ${SECRET}\r\n\r\n`);
      });
      const connecting = TlsStream.connect(listener.localAddress);
      await accepting;
      await connecting;
    },
  },
];

async function failureOf(make: () => unknown): Promise<unknown> {
  try {
    await make();
  } catch (error) {
    return error;
  }
  return undefined;
}

const [PAGE = ''] = readFileSync(new URL('../../../docs/errors.md', import.meta.url), 'utf8').split(
  '## HTTP:',
);
/** The first cells of the rows of a table below a heading. */
const cells = (heading: string): string[] =>
  [...(PAGE.split(heading)[1] ?? '').matchAll(/^\| `(\w+)`/gm)].map(([, name = '']) => name);

describe('the errors of docs/errors.md', () => {
  test('are all made here, by code and by class', () => {
    const codes = cells('### Codes').filter((code) => code !== 'ENOTSUP');
    expect(codes.length).toBeGreaterThan(20);
    const made = new Set(CASES.map(({ code }) => code));
    expect(codes.filter((code) => !made.has(code))).toEqual([]);
    const classes = cells('| class ').filter((name) => name.endsWith('Error'));
    expect(classes).toContain('BusyError');
    expect(CASES.map(({ name }) => name)).toEqual(expect.arrayContaining(classes));
  });

  test.each(CASES.map((one) => [one.code, one.name, one] as const))(
    '%s is a %s whose message names the call, what came and what to do',
    async (code, name, { says, make }) => {
      const error = await failureOf(make);
      // The end of a scope is no failure of a call.
      expect(error instanceof IoError).toBe(name !== 'CancelledError');
      const { message } = error as Error;
      const operation =
        error instanceof CancelledError ? error.scope : (error as IoError).operation;
      expect(error).toMatchObject({ code, name });
      const start = name === 'TimeoutError' ? '' : `${operation}: `;
      const [before = '', after = ''] = says.split('[…]');
      const between = message.slice((start + before).length, message.length - after.length);
      expect(message).toBe(start + before + (says.includes('[…]') ? between : '') + after);
      expect(message).not.toMatch(/\n|\.$/);
      expect(message).not.toContain(SECRET);
    },
  );
});
