/** Every way to open a socket, in a process that may not: prints what each rejected with. */
import { TcpListener, TcpStream, UdpSocket, UnixListener, UnixStream } from '@awaitio/core';
import { serve } from '@awaitio/http';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

// A folder for this run: the socket's file outlives a process that exits with it open.
const folder = mkdtempSync(join(tmpdir(), 'awaitio-denied-'));
const path = join(folder, 's');
const ways = {
  TcpListener: () => TcpListener.bind('127.0.0.1:0'),
  UnixListener: () => UnixListener.bind(path),
  serve: () => serve(() => undefined),
  TcpStream: () => TcpStream.connect('127.0.0.1:9'),
  'a name': () => TcpStream.connect('localhost:9'),
  UnixStream: () => UnixStream.connect(path),
  UdpSocket: () => UdpSocket.bind('127.0.0.1:0'),
};

for (const [name, open] of Object.entries(ways)) {
  const error = await open().catch((reason) => reason);
  const names = error.message?.includes('--allow-net') ? ', names --allow-net' : '';
  console.log(`${name}: ${error.code ?? 'opened'}${names}`);
}
rmSync(folder, { recursive: true });
// Where the network needs no permission, some are open now.
process.exit();
