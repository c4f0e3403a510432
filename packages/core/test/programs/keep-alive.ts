/** Opens a listener and a connection and unrefs those named in UNREF: the others keep the process alive. */

import { TcpListener, TcpStream } from '../../src/index.ts';

const listener = await TcpListener.bind('127.0.0.1:0');
const client = await TcpStream.connect(listener.localAddress);
const server = await listener.accept();
// Waits that never end.
for (const stream of [client, server]) stream.readChunk().catch(() => {});
listener.accept().catch(() => {});

const held = { listener, client, server };
for (const name of process.env['UNREF']?.split(' ') ?? []) {
  held[name as keyof typeof held].unref();
}
for (const name of process.env['REF']?.split(' ') ?? []) held[name as keyof typeof held].ref();
console.log('waiting');
process.stdin.on('data', () => {
  console.log('still here');
  process.exit(3);
});
process.stdin.unref();
