/** Takes a Unix socket's path over, as often as its arguments say; each listener answers with the number of its turn. */

import { createInterface } from 'node:readline';
import { UnixListener } from '../../src/index.ts';

const path = process.env['SOCKET_PATH'] ?? '';
let current: UnixListener | undefined;
for await (const line of createInterface({ input: process.stdin })) {
  const previous = current;
  if (line === 'take') {
    current = await UnixListener.bind(path, { replace: true, mode: 0o600 });
    void answer(current);
  } else {
    current = undefined;
  }
  await previous?.close();
  console.log('done');
}

async function answer(listener: UnixListener): Promise<void> {
  for await (const stream of listener) {
    await stream.writeAll('hello\n');
    await stream.close();
  }
}
