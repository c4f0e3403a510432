/** A server that keeps every connection open until it reads `release`, and prints its state when it reads `report`. */

import { createInterface } from 'node:readline';
import { TcpListener, type IoError, type TcpStream } from '../../src/index.ts';

const listener = await TcpListener.bind('127.0.0.1:0');
const held: TcpStream[] = [];
const failures: string[] = [];

async function acceptAll(): Promise<void> {
  for (;;) {
    try {
      held.push(await listener.accept());
    } catch (error) {
      failures.push((error as IoError).code);
      if (listener.isDisposed) return;
    }
  }
}

const accepting = acceptAll();
console.log(listener.localAddress.port);

for await (const line of createInterface(process.stdin)) {
  if (line === 'report') {
    const { user, system } = process.cpuUsage();
    console.log(JSON.stringify({ held: held.length, failures, cpu: (user + system) / 1000 }));
  } else if (line === 'release') {
    await Promise.all(held.splice(0).map((stream) => stream.close()));
    console.log('released');
  } else {
    await listener.close();
    await Promise.all(held.map((stream) => stream.close()));
    await accepting;
    process.stdin.destroy();
    break;
  }
}
