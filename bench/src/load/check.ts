/** Asks a server for everything that the load will send, once, and compares what it answers byte for byte. */

import { connect } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { gunzipSync } from 'node:zlib';
import { AnswerReader } from './answer-reader.ts';
import { batchesOf } from './batches.ts';
import type { Exchange } from './load.ts';

/** How long a server may take for the first answers, in milliseconds. */
const ANSWER_TIMEOUT = 10_000;

/** @throws `Error` that tells what came, when it is not what had to come. */
export async function checkAnswers(
  port: number,
  exchange: Exchange,
  pipeline = 1,
  isTls = false,
): Promise<void> {
  const batches = batchesOf(exchange, pipeline);
  const left = batches.values();
  const count = batches.length * pipeline;
  const socket = isTls
    ? connectTls({ host: '127.0.0.1', port, rejectUnauthorized: false })
    : connect({ host: '127.0.0.1', port });
  const expected = Buffer.concat(Array.from({ length: count }, () => exchange.answer));
  const pieces: Buffer[] = [];
  let size = 0;
  let answers = 0;
  const take = (piece: Buffer): void => {
    pieces.push(Buffer.from(piece));
    size += piece.length;
  };
  const sendNext = (): void => {
    const batch = left.next();
    if (batch.done !== true) socket.write(batch.value);
  };
  try {
    await new Promise<void>((resolve, reject) => {
      const reader = new AnswerReader((status) => {
        answers += 1;
        if (status !== 200) reject(new Error(`expected status 200, got ${status}`));
        if (answers === count) resolve();
        else if (answers % pipeline === 0) sendNext();
      }, take);
      socket.setTimeout(ANSWER_TIMEOUT, () => {
        reject(new Error(`got ${answers} of ${count} answers in ${ANSWER_TIMEOUT} ms`));
      });
      socket.on('error', reject);
      socket.on('close', () => {
        reject(new Error(`got ${answers} of ${count} answers and then the end`));
      });
      socket.on('data', (chunk) => {
        try {
          if (exchange.protocol === 'http') reader.receive(chunk);
          else take(chunk);
        } catch (error) {
          reject(error instanceof Error ? error : new Error(String(error)));
        }
        if (exchange.protocol === 'raw' && size >= expected.length) resolve();
      });
      sendNext();
    });
  } finally {
    socket.destroy();
  }
  // Answers in a row are one gzip file of several members.
  const raw = Buffer.concat(pieces);
  const got = exchange.coding === undefined ? raw : gunzipSync(raw);
  if (!got.equals(expected)) {
    const from = Math.max(
      0,
      expected.findIndex((byte, at) => byte !== got[at]),
    );
    throw new Error(
      `expected ${excerpt(expected, from)} at ${from} of ${expected.length} bytes, got ${excerpt(got, from)} of ${got.length}`,
    );
  }
}

function excerpt(bytes: Buffer, from: number): string {
  return JSON.stringify(bytes.subarray(from, from + 80).toString('latin1'));
}
