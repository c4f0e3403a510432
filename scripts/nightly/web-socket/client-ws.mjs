/** A client of the package ws against a server of awaitio. Argument: URL. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';

const require = createRequire(new URL('../../../packages/http/package.json', import.meta.url));
const { WebSocket } = require('ws');
const url = process.argv[2];
const LONG = Buffer.from(Uint8Array.from({ length: 1_048_576 }, (_, at) => (at * 31) & 255));

async function open(...args) {
  const socket = new WebSocket(...args);
  await once(socket, 'open');
  return socket;
}

const socket = await open(url, ['v2', 'v1']);
assert.equal(socket.protocol, 'v1');
for (const message of ['hello', '', 'ä€😀', 'y'.repeat(1_048_576), LONG.subarray(0, 126), LONG]) {
  socket.send(message);
  const [data, isBinary] = await once(socket, 'message');
  assert.equal(isBinary, typeof message !== 'string');
  assert.ok(data.equals(Buffer.from(message)), 'a message came back changed');
}
for (const part of ['in ', '']) socket.send(part, { fin: false });
socket.ping('data');
socket.send('three parts');
const [[pong], [parts]] = await Promise.all([once(socket, 'pong'), once(socket, 'message')]);
assert.deepEqual([String(pong), String(parts)], ['data', 'in three parts']);
socket.close(4321, 'bye');
assert.equal((await once(socket, 'close'))[0], 4321);

const other = await open(url);
assert.equal(other.protocol, '');
other.send('close 4001 as you wish');
const [code, reason] = await once(other, 'close');
assert.deepEqual([code, String(reason)], [4001, 'as you wish']);

const silent = await open(`${url}pinged`);
await sleep(1_500);
assert.equal(silent.readyState, WebSocket.OPEN);
silent.close();
await once(silent, 'close');
console.log('text, binary, fragments, 1 MiB, subprotocol, closes by both, pings of both');
