/**
 * The bench's own load generator, as a separate process: one JSON description on the command line, one JSON line out.
 *
 * Requests are bytes made beforehand; answers are counted. With a rate it is an open loop: a request is due at its
 * time, whether or not answers have come, and its latency counts from when it was due (else a server that stops for a
 * second would be asked nothing in that second, and look well: coordinated omission).
 */

import { readFileSync } from 'node:fs';
import { connect, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { Histogram } from '../statistics.ts';
import { AnswerCounter } from './answer-counter.ts';
import type { LoadResult } from './load.ts';

/** {@link Load} in a form that a command line can carry. */
export interface GeneratorInput {
  readonly port: number;
  readonly tls: boolean;
  readonly protocol: 'http' | 'raw';
  /** The file with the bytes of all batches, one after another. */
  readonly file: string;
  /** How many batches are sent in turn, each as long as the others. */
  readonly batches: number;
  /** How long an answer is, in a raw protocol. */
  readonly answerLength: number;
  readonly connections: number;
  readonly pipeline: number;
  readonly seconds: number;
  readonly warmup: number;
  readonly rate?: number | undefined;
  /** A connection for each request. */
  readonly reconnect: boolean;
}

const input = JSON.parse(process.argv[2] ?? '') as GeneratorInput;
const bytes = readFileSync(input.file);
const batchLength = bytes.length / input.batches;
const batches = Array.from({ length: input.batches }, (_, turn) =>
  bytes.subarray(turn * batchLength, (turn + 1) * batchLength),
);
const latencies = new Histogram();
let answered = 0;
let errors = 0;
let isOver = false;

/** All sockets read into one buffer: nothing of what they read is kept. */
const shared = Buffer.allocUnsafeSlow(262_144);

let addresses = 0;

function nextAddress(): string {
  addresses = (addresses + 1) % 60_000;
  return `127.1.${addresses >> 8}.${addresses & 255}`;
}

class Connection {
  #socket: Socket | undefined;
  readonly #onFree: (connection: Connection) => void;
  /** Which batch is next. */
  #turn = 0;
  #awaited = 0;
  #since = 0;
  #counter = this.#newCounter();
  #unread = 0;

  constructor(onFree: (connection: Connection) => void) {
    this.#onFree = onFree;
  }

  open(): Promise<void> {
    return new Promise((resolve, reject) => {
      const options = {
        host: '127.0.0.1',
        port: input.port,
        noDelay: true,
        // A closed connection keeps its two ends' ports for a minute; the loopback has many addresses on Linux.
        ...(input.reconnect && process.platform === 'linux' ? { localAddress: nextAddress() } : {}),
        onread: {
          buffer: shared,
          callback: (length: number) => {
            this.#receive(length);
            return true;
          },
        },
      };
      const socket = input.tls
        ? connectTls({ ...options, rejectUnauthorized: false })
        : connect(options);
      this.#socket = socket;
      socket.once(input.tls ? 'secureConnect' : 'connect', resolve);
      socket.on('error', reject);
      socket.on('close', () => this.#onClose());
    });
  }

  /** @param since - When the request was due. */
  send(since: number): void {
    this.#since = since;
    this.#awaited = input.pipeline;
    this.#socket?.write(batches[this.#turn] as Buffer);
    this.#turn = (this.#turn + 1) % batches.length;
  }

  close(): void {
    this.#socket?.destroy();
  }

  #receive(length: number): void {
    if (input.protocol === 'raw') {
      this.#unread += length;
      while (this.#unread >= input.answerLength && this.#awaited > 0) {
        this.#unread -= input.answerLength;
        this.#onAnswer();
      }
      return;
    }
    try {
      this.#counter.receive(shared, length);
    } catch {
      errors += 1;
    }
  }

  #newCounter(): AnswerCounter {
    return new AnswerCounter((status) => {
      if (status !== 200) errors += 1;
      this.#onAnswer();
    });
  }

  #onAnswer(): void {
    answered += 1;
    this.#awaited -= 1;
    if (this.#awaited > 0) return;
    latencies.add(Math.round((performance.now() - this.#since) * 1_000));
    if (!input.reconnect) this.#onFree(this);
  }

  #onClose(): void {
    if (isOver) return;
    if (this.#awaited > 0 || !input.reconnect) errors += 1;
    this.#counter = this.#newCounter();
    void this.open().then(
      () => this.#onFree(this),
      () => {
        errors += 1;
      },
    );
  }
}

const wait = (seconds: number): Promise<void> =>
  new Promise((resolve) => {
    setTimeout(resolve, seconds * 1_000);
  });

/** Each connection asks again as soon as it was answered. */
async function closedLoop(): Promise<number> {
  const again = (connection: Connection): void => {
    if (!isOver) connection.send(performance.now());
  };
  const connections = Array.from({ length: input.connections }, () => new Connection(again));
  await Promise.all(connections.map((connection) => connection.open()));
  for (const connection of connections) again(connection);
  await wait(input.warmup);
  begin();
  const start = performance.now();
  await wait(input.seconds);
  const elapsed = performance.now() - start;
  end(connections);
  return elapsed;
}

let behind = 0;

/** Requests are due at even intervals; a request that finds no connection free waits for one, and the wait counts. */
async function openLoop(rate: number): Promise<number> {
  const free: Connection[] = [];
  const due: number[] = [];
  let head = 0;
  const onFree = (connection: Connection): void => {
    const since = due[head];
    if (since === undefined) {
      free.push(connection);
      return;
    }
    head += 1;
    connection.send(since);
  };
  const connections = Array.from({ length: input.connections }, () => new Connection(onFree));
  await Promise.all(connections.map((connection) => connection.open()));
  free.push(...connections);
  const interval = 1_000 / rate;
  let start = performance.now();
  let next = start;
  let isMeasuring = false;
  await new Promise<void>((resolve) => {
    const turn = (): void => {
      const now = performance.now();
      if (!isMeasuring && now - start >= input.warmup * 1_000) {
        isMeasuring = true;
        begin();
        start = now;
      } else if (isMeasuring && now - start >= input.seconds * 1_000) {
        resolve();
        return;
      }
      for (; next <= now; next += interval) {
        // The one that has been free longest: one that is never chosen would be idle until the server closes it.
        const connection = free.shift();
        if (connection === undefined) due.push(next);
        else connection.send(next);
      }
      // A timer is exact to a millisecond, which is many requests: the loop keeps turning instead.
      setImmediate(turn);
    };
    turn();
  });
  const elapsed = performance.now() - start;
  behind = due.length - head;
  end(connections);
  return elapsed;
}

function begin(): void {
  latencies.clear();
  answered = 0;
  errors = 0;
  console.log('begin');
}

let result = { answered: 0, errors: 0 };

function end(connections: readonly Connection[]): void {
  isOver = true;
  result = { answered, errors };
  console.log('end');
  for (const connection of connections) connection.close();
}

const elapsed = await (input.rate === undefined ? closedLoop() : openLoop(input.rate));
const answer: LoadResult = {
  rate: (result.answered / elapsed) * 1_000,
  p50: latencies.percentile(0.5) / 1_000,
  p99: latencies.percentile(0.99) / 1_000,
  errors: result.errors,
  behind,
};
console.log(JSON.stringify(answer));
