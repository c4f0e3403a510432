/** Opens one of everything, unreferenced, so that the process ends; with KEEP set, one is referenced for 100 ms. */

import {
  startTls,
  TcpListener,
  TcpStream,
  UdpSocket,
  UnixListener,
  UnixStream,
} from '../../src/index.ts';
import { TestAuthority } from '../../src/testing/index.ts';
import { temporaryPath } from '../support/socket-pairs.ts';

const { path, remove } = await temporaryPath();
const authority = new TestAuthority();

const tcp = await TcpListener.bind('127.0.0.1:0');
const unix = await UnixListener.bind(path);
const udp = await UdpSocket.bind('127.0.0.1:0');
const pair = [await TcpStream.connect(tcp.localAddress), await tcp.accept()] as const;
const secured = await Promise.all([
  startTls(pair[0], { servername: 'example.test', ca: authority.cert }),
  startTls(pair[1], { role: 'server', ...authority.issue(['example.test']) }),
]);
const others = [
  await TcpStream.connect(tcp.localAddress),
  await tcp.accept(),
  await UnixStream.connect(path),
  await unix.accept(),
];
// What waits does not keep a process either.
for (const stream of others) void stream.readChunk();
void udp.recvFrom();
void tcp.accept();
for (const open of [tcp, unix, udp, ...secured, ...others]) open.unref();
console.log('all open');

if (process.env['KEEP'] === '1') {
  udp.ref();
  setTimeout(() => {
    console.log('still here');
    udp.unref();
  }, 100).unref();
}
await remove();
