/** The contract of streams, kept over streams of Node. */
import { once } from 'node:events';
import { connect, createServer, type AddressInfo, type Socket } from 'node:net';
import { describe, test } from '@jest/globals';
import { ByteStream, memoryPair } from '../../src/index.ts';
import { STREAM_CONTRACTS, streamContract } from '../../src/testing/index.ts';
import { nodeDuplexPair } from '../support/node-duplex-pair.ts';

type Pair = readonly [ByteStream, ByteStream];

function check(makePair: () => Pair | Promise<Pair>, quiet: number): void {
  const checks = new Map(
    streamContract(makePair, { quiet, volume: 50_000 }).map(({ name, run }) => [name, run]),
  );
  test.concurrent.each(STREAM_CONTRACTS)('%s', async (name) => {
    await checks.get(name)?.();
  });
}

describe('on plain sockets of Node', () => {
  check(async () => {
    const server = createServer().listen(0, '127.0.0.1');
    await once(server, 'listening');
    const accepted = once(server, 'connection') as Promise<[Socket]>;
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    const [peer] = await accepted;
    server.close();
    return [ByteStream.fromNode(client), ByteStream.fromNode(peer)];
  }, 10);
});

describe('on a pair of duplex streams', () => {
  check(() => {
    const [a, b] = nodeDuplexPair();
    return [ByteStream.fromNode(a), ByteStream.fromNode(b)];
  }, 2);
});

describe('on duplex streams with hardly a buffer, which end neither themselves nor each other', () => {
  check(() => {
    const [a, b] = nodeDuplexPair({ highWaterMark: 1, autoDestroy: false, allowHalfOpen: false });
    return [ByteStream.fromNode(a), ByteStream.fromNode(b)];
  }, 2);
});

describe('there and back: a stream as a stream of Node as a stream', () => {
  check(() => {
    const [a, b] = memoryPair();
    return [ByteStream.fromNode(a.toNode()), ByteStream.fromNode(b.toNode())];
  }, 2);
});
