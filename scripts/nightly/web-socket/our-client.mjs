/** Our client with the server of another library, which sends back what it gets, and does what a word asks for. */
import { setTimeout as sleep } from 'node:timers/promises';
import { connectWebSocket } from '../../../packages/http/dist/websocket/index.js';

const LENGTH = 1_048_576;
const LONG = Uint8Array.from({ length: LENGTH }, (_, at) => (at * 31) & 255);

export function equal(got, expected, what) {
  const isBytes = expected instanceof Uint8Array;
  if (isBytes ? Buffer.from(expected).equals(got) : got === expected) return;
  const shown = [expected, got].map((each) => String(each).slice(0, 60));
  throw new Error(`${what}: expected ${shown[0]}, got ${shown[1]}`);
}

/**
 * @param lacks - What the server's API cannot send.
 * @returns What was checked.
 */
export async function talkTo(target, lacks) {
  const socket = await connectWebSocket(target, { protocols: ['v2', 'v1'], timeout: 5_000 });
  equal(socket.protocol, 'v1', 'the subprotocol');
  const ask = async (message) => {
    await socket.send(message);
    return socket.receive({ timeout: 10_000 });
  };
  const texts = ['hello', '', 'ä€😀', 'x'.repeat(70_000), 'y'.repeat(LENGTH)];
  const bytes = [0, 1, 125, 126, 65_535, 65_536, LENGTH].map((length) => LONG.subarray(0, length));
  for (const message of [...texts, ...bytes]) equal(await ask(message), message, 'a message');
  if (!lacks.includes('fragments')) equal(await ask('fragments'), 'in three parts', 'fragments');
  if (!lacks.includes('pings')) equal(await ask('ping'), 'ponged', 'a ping');
  const end = await socket.close(4321, 'bye');
  equal([end.code, end.by, end.isClean].join(), '4321,local,true', 'our end');

  const other = await connectWebSocket(target, { timeout: 5_000 });
  equal(other.protocol, '', 'no subprotocol');
  await other.send('close 4001 as you wish');
  equal(await other.receive({ timeout: 5_000 }), null, 'the end of messages');
  const { code, reason, by, isClean } = await other.closed;
  equal([code, reason, by, isClean].join(), '4001,as you wish,peer,true', 'its end');

  const silent = await connectWebSocket(target, { deadlines: { ping: 300, pong: 600 } });
  await sleep(1_500);
  equal(silent.isOpen, true, 'a WebSocket whose pings are answered');
  await silent.close();
  const sent = ['fragments', 'pings'].filter((what) => !lacks.includes(what));
  return ['text, binary, 1 MiB, subprotocol, closes by both, pings of ours', ...sent].join(', ');
}
