/**
 * Sends a long body and reads it back, as a separate process, comparing every byte.
 *
 * Arguments: PORT BYTES. Prints "begin" when the first byte goes out and a line of JSON at the end.
 */

import { connect } from 'node:net';
import { AnswerReader } from './answer-reader.ts';

const port = Number(process.argv[2]);
const total = Number(process.argv[3]);
const PREFIX = Buffer.from('echo: ');
const PIECE = 65_536;
/** No power of two, so that a piece that is lost or comes twice shifts what follows. */
const PERIOD = 65_521;
const pattern = Buffer.from(
  Uint8Array.from({ length: PIECE + PERIOD }, (_, at) => (at % PERIOD) * 7),
);

let received = 0;

function compare(piece: Buffer): void {
  let rest = piece;
  if (received < PREFIX.length) {
    const head = rest.subarray(0, PREFIX.length - received);
    if (!head.equals(PREFIX.subarray(received, received + head.length)))
      fail('the prefix is wrong');
    received += head.length;
    rest = rest.subarray(head.length);
  }
  while (rest.length > 0) {
    const part = rest.subarray(0, PIECE);
    const from = (received - PREFIX.length) % PERIOD;
    if (!part.equals(pattern.subarray(from, from + part.length))) fail(`wrong near ${received}`);
    received += part.length;
    rest = rest.subarray(part.length);
  }
}

function fail(why: string): never {
  console.error(why);
  process.exit(1);
}

const shared = Buffer.allocUnsafeSlow(1 << 20);
const reader = new AnswerReader((status) => {
  if (status !== 200 || received !== total + PREFIX.length) {
    fail(`status ${status}, ${received} bytes of ${total + PREFIX.length}`);
  }
  const seconds = (performance.now() - start) / 1_000;
  console.log(JSON.stringify({ seconds }));
  process.exit();
}, compare);

const socket = connect({
  host: '127.0.0.1',
  port,
  onread: {
    buffer: shared,
    callback: (length) => {
      reader.receive(shared.subarray(0, length));
      return true;
    },
  },
});
socket.on('error', (error) => fail(String(error)));
socket.on('close', () => fail(`the connection ended after ${received} bytes`));

let start = 0;
let sent = 0;

function send(): void {
  while (sent < total) {
    const from = sent % PERIOD;
    const length = Math.min(PIECE, total - sent);
    sent += length;
    if (!socket.write(pattern.subarray(from, from + length))) {
      socket.once('drain', send);
      return;
    }
  }
}

socket.on('connect', () => {
  console.log('begin');
  start = performance.now();
  socket.write(
    `POST / HTTP/1.1\r\nHost: 127.0.0.1\r\nContent-Type: application/octet-stream\r\nContent-Length: ${total}\r\n\r\n`,
  );
  send();
});
