/** A server that was started with its listening socket, as descriptor 3; it says which port that is, and ends on a word. */

import { TcpListener } from '../../src/index.ts';

const listener = await TcpListener.inherit(3);
console.log(listener.localAddress.port);
for await (const stream of listener) {
  const word = await stream.readLine();
  await stream.writeAll(`inherited: ${word}\n`);
  await stream.close();
  if (word === 'end') break;
}
await listener.close();
