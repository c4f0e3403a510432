/** How many bytes a server answers a batch of requests with: for a generator that only counts them. */

import { connect } from 'node:net';
import { AnswerReader } from './answer-reader.ts';

/** @throws `Error` when the connection ends before the answers do. */
export async function answerLength(port: number, batch: Buffer, pipeline: number): Promise<number> {
  const socket = connect({ host: '127.0.0.1', port });
  let length = 0;
  let left = pipeline;
  try {
    return await new Promise((resolve, reject) => {
      const reader = new AnswerReader(() => {
        left -= 1;
        if (left === 0) resolve(length);
      });
      socket.on('error', reject);
      socket.on('close', () => {
        reject(new Error(`the connection ended with ${left} answers to come`));
      });
      socket.on('data', (chunk) => {
        length += chunk.length;
        reader.receive(chunk);
      });
      socket.write(batch);
    });
  } finally {
    socket.destroy();
  }
}
