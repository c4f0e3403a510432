/**
 * Holds connections that send nothing, in a process apart, so that the server's process has one open file for each and not two.
 *
 *   node scripts/nightly/inspector/clients.mjs PORT COUNT
 *
 * It prints `open` when all are connected, and ends when its standard input does.
 */
import { once } from 'node:events';
import { connect } from 'node:net';

const [port, count] = process.argv.slice(2).map(Number);
for (let at = 0; at < count; at += 1) {
  // The ports of one address do not suffice beside those that are in TIME-WAIT.
  const socket = connect({ port, host: '127.0.0.1', localAddress: `127.0.0.${2 + (at % 8)}` });
  socket.on('error', () => {});
  if (at % 200 === 199 || at === count - 1) await once(socket, 'connect');
}
console.log('open');
process.stdin.on('end', () => process.exit()).resume();
