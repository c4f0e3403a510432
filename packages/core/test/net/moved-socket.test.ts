/** A socket that is moved to a worker thread, where Node can (24.20, 26.6): its stream is made there, from Node's socket. */

import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { Worker, type Transferable } from 'node:worker_threads';
import { expect, test } from '@jest/globals';
import { TcpStream } from '../../src/index.ts';
import { describeIf } from '../support/capabilities.ts';

const built = new URL('../../dist/index.js', import.meta.url).href;
/** Answers each line with the thread that read it, until the client has finished. */
const PROGRAM = `
  const { parentPort, threadId } = require('node:worker_threads');
  parentPort.on('message', async (socket) => {
    const { ByteStream, lines } = await import(${JSON.stringify(built)});
    const client = lines(ByteStream.fromNode(socket));
    for await (const line of client) await client.write(threadId + ': ' + line);
    await client.close();
    parentPort.postMessage('closed');
  });
`;

describeIf('sockets that move')('a socket that was moved to a worker', () => {
  test('is a stream there, to its end, and nothing is left of it here', async () => {
    const worker = new Worker(PROGRAM, { eval: true });
    const closed = once(worker, 'message');
    // A socket that has begun to read cannot be moved.
    const server = createServer({ pauseOnConnect: true }, (socket) => {
      worker.postMessage(socket, [socket as unknown as Transferable]);
    }).listen(0, '127.0.0.1');
    await once(server, 'listening');
    const { port } = server.address() as AddressInfo;
    await using client = await TcpStream.connect({ host: '127.0.0.1', port });
    await client.writeAll('one\ntwo\n');
    await client.shutdown('write');
    const received: (string | null)[] = [];
    for (let count = 0; count < 3; count += 1) received.push(await client.readLine());
    expect(received).toEqual([`${worker.threadId}: one`, `${worker.threadId}: two`, null]);
    expect(await closed).toEqual(['closed']);
    server.close();
    await once(server, 'close');
    await worker.terminate();
  });
});
