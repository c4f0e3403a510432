/** Resolvers that a program passes in, and that never call back. */
import { promises } from 'node:dns';
import type { LookupFunction } from 'node:net';
import { expect, test } from '@jest/globals';
import { InvalidInputError, TcpStream, UdpSocket } from '../../src/index.ts';

const ADDRESS = { address: '127.0.0.1', family: 4 };

const ANSWERING: readonly (readonly [name: string, lookup: unknown])[] = [
  ['dns.promises.lookup', promises.lookup],
  ['a function that resolves to an address', async () => '127.0.0.1'],
  ['a function that resolves to an address and its family', async () => ADDRESS],
  ['a function that resolves to a list', async () => [ADDRESS]],
  ['a function that returns an address', () => '127.0.0.1'],
  ['a function that returns a list', () => [ADDRESS]],
];

test.each(ANSWERING)(
  '%s in place of a resolver that calls back is refused at once',
  async (_name, given) => {
    const lookup = given as LookupFunction;
    const refusal = {
      name: 'InvalidInputError',
      message: expect.stringMatching(
        /a function that calls back with its answer, as `dns.lookup` does/,
      ),
    };
    // A wait for a timeout would be one without end.
    await expect(
      TcpStream.connect('localhost:1', { lookup, timeout: Infinity }),
    ).rejects.toMatchObject(refusal);
    await using socket = await UdpSocket.bind('127.0.0.1:0', { lookup });
    await expect(socket.sendTo('x', 'localhost:1')).rejects.toMatchObject(refusal);
  },
);

test('an asynchronous resolver that calls back later may resolve to what dns.lookup returns', async () => {
  const lookup = (async (_host: string, _options: unknown, done: (...found: unknown[]) => void) => {
    setImmediate(() => done(null, [ADDRESS]));
    return { hostname: 'localhost', family: 4, callback: done };
  }) as unknown as LookupFunction;
  await expect(TcpStream.connect('localhost:1', { lookup })).rejects.not.toBeInstanceOf(
    InvalidInputError,
  );
});

test('an answer that throws when it is looked at fails the call', async () => {
  const hostile = {
    get address(): string {
      throw new Error('a getter of the answer');
    },
  };
  const answers: readonly ((done: (...found: unknown[]) => void) => unknown)[] = [
    (done) => done(null, [hostile]),
    (done) => void setImmediate(() => done(null, [hostile])),
    () => hostile,
    () => [hostile],
    async () => hostile,
  ];
  for (const answer of answers) {
    const lookup = ((_host: string, _options: unknown, done: (...found: unknown[]) => void) =>
      answer(done)) as unknown as LookupFunction;
    await expect(TcpStream.connect('localhost:1', { lookup, timeout: Infinity })).rejects.toThrow(
      /a getter of the answer/,
    );
  }
});
