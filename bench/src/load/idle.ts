/**
 * Opens connections that ask once and then stay silent, as a separate process.
 *
 * Arguments: PORT COUNT FILE (of the request). Prints "open" when every one was answered; ends on request.
 */

import { readFileSync } from 'node:fs';
import { connect } from 'node:net';
import { AnswerReader } from './answer-reader.ts';

const port = Number(process.argv[2]);
const count = Number(process.argv[3]);
const request = readFileSync(process.argv[4] ?? '');
/** Connections under way at a time, so that no server's backlog overflows. */
const WAVE = 100;

const shared = Buffer.allocUnsafeSlow(65_536);

function openOne(): Promise<void> {
  return new Promise((resolve, reject) => {
    const reader = new AnswerReader(() => {
      resolve();
    });
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
    socket.on('error', reject);
    socket.on('close', () => {
      reject(new Error('a connection was closed'));
    });
    socket.on('connect', () => socket.write(request));
  });
}

let left = count;

async function worker(): Promise<void> {
  while (left > 0) {
    left -= 1;
    await openOne();
  }
}

await Promise.all(Array.from({ length: WAVE }, worker));
console.log('open');
process.stdin.resume();
process.stdin.on('end', () => process.exit());
