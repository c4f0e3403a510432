/**
 * Opens WebSockets that send one message each, get it back, and then stay silent, as a separate process.
 *
 * Arguments: PORT COUNT. Prints "open" when every message has come back; ends on request.
 */

import { openSockets } from './sockets.ts';
import { SHORT } from './web-socket.ts';

const [port, count] = process.argv.slice(2).map(Number) as [number, number];
const due = count * SHORT.answer.length;
let got = 0;
const sockets = await openSockets(port, count, (_socket, length) => {
  got += length;
  if (got === due) console.log('open');
});
for (const socket of sockets) socket.write(SHORT.request);
process.stdin.resume();
process.stdin.on('end', () => process.exit());
