/**
 * A small Redis: commands in RESP, an append-only file, and channels to subscribe to.
 *
 * A client that got the answer of a write finds it again after every crash; each subscriber receives what a publisher says in its
 * order, without a gap, for as long as its connection lasts.
 */

import type { SimStream, Simulation } from '../../src/testing/index.ts';
import { Journal } from './journal.ts';
import { attempt, BREAKING, check, serveOn, type Protocol } from './protocol.ts';

const TIMEOUT = 3_000;
const PORT = 6379;
const HOST = 'redis';
const INCREMENTS = 5;
const MESSAGES = 6;
/** Messages come in bursts: the most time between two of them, in milliseconds. */
const LULL = 1_000;

const bulk = (text: string): string => `$${Buffer.byteLength(text)}\r\n${text}\r\n`;
const command = (...words: string[]): string => `*${words.length}\r\n${words.map(bulk).join('')}`;

/** Reads one command, or one push; `null` at the end. */
async function readArray(stream: SimStream): Promise<string[] | null> {
  const head = await stream.readLine({ timeout: TIMEOUT });
  if (head === null) return null;
  check(head.startsWith('*'), `expected an array, got ${head}`);
  const words: string[] = [];
  for (let count = Number(head.slice(1)); count > 0; count -= 1) {
    const size = await stream.readLine({ timeout: TIMEOUT });
    check(size?.startsWith('$') === true, `expected a bulk string, got ${size}`);
    const bytes = await stream.readExactly(Number(size.slice(1)) + 2, { timeout: TIMEOUT });
    words.push(Buffer.from(bytes.subarray(0, -2)).toString());
  }
  return words;
}

/** A subscriber: what is pushed to it is written one after another. */
class Subscriber {
  readonly stream: SimStream;
  #last: Promise<unknown> = Promise.resolve();

  constructor(stream: SimStream) {
    this.stream = stream;
  }

  push(write: (stream: SimStream) => Promise<unknown>): Promise<unknown> {
    const before = this.#last;
    const written = (async () => {
      await before;
      return attempt(() => write(this.stream));
    })();
    this.#last = written;
    return written;
  }
}

/** As {@link readArray}, of a server that takes each chunk for whole commands. */
async function readChunkAsCommand(stream: SimStream): Promise<string[] | null> {
  const chunk = await stream.readChunk({ timeout: TIMEOUT });
  if (chunk === null) return null;
  const parts = Buffer.from(chunk).toString().split('\r\n');
  return parts.filter((part, index) => index > 0 && index % 2 === 0 && part !== '');
}

class Server {
  readonly #sim: Simulation;
  readonly #bug: string | undefined;
  readonly #journal: Journal;
  readonly #values = new Map<string, number>();
  /** Subscribers of the only channel. */
  readonly #subscribers: Subscriber[] = [];

  constructor(sim: Simulation, bug: string | undefined, journal: Journal) {
    this.#sim = sim;
    this.#bug = bug;
    this.#journal = journal;
    for (const line of journal.lines) this.#apply(line);
  }

  #apply(line: string): void {
    const [key = '', value] = line.split(' ');
    this.#values.set(key, Number(value));
  }

  async #write(line: string): Promise<void> {
    this.#apply(line);
    await this.#journal.append(line);
    if (this.#bug !== 'answers before the disk') await this.#journal.sync();
  }

  async #publish(message: string): Promise<void> {
    const text = `*2\r\n${bulk('message')}${bulk(message)}`;
    const whole = (stream: SimStream): Promise<unknown> =>
      stream.writeAll(text, { timeout: TIMEOUT });
    if (this.#bug === 'removes while it iterates') {
      const list = this.#subscribers;
      for (let index = 0; index < list.length; index += 1) {
        const subscriber = list[index];
        if (subscriber === undefined) return;
        if (subscriber.stream.isClosed) list.splice(index, 1);
        else await subscriber.push(whole);
      }
      return;
    }
    for (const subscriber of this.#subscribers.slice()) {
      if (this.#bug === 'writes a push in two parts') {
        await this.#pushInParts(subscriber, message);
      } else if (this.#bug === 'takes a partial write for a whole one') {
        await subscriber.push((stream) => Promise.resolve(stream.tryWrite(text)));
      } else {
        await subscriber.push(whole);
      }
    }
  }

  async #pushInParts(subscriber: Subscriber, message: string): Promise<void> {
    for (const part of [`*2\r\n${bulk('message')}`, bulk(message)]) {
      await subscriber.push((stream) => stream.writeAll(part, { timeout: TIMEOUT }));
    }
  }

  async #increment(key: string): Promise<number> {
    const before = this.#values.get(key) ?? 0;
    // The value is in a cache next door.
    if (this.#bug === 'increments in two steps') await this.#sim.clock.sleep(2);
    const after = before + 1;
    await this.#write(`${key} ${after}`);
    return after;
  }

  readonly serve = async (stream: SimStream): Promise<void> => {
    const subscriber = new Subscriber(stream);
    try {
      await this.#serve(stream, subscriber);
    } finally {
      const at = this.#subscribers.indexOf(subscriber);
      if (at !== -1 && this.#bug !== 'removes while it iterates') this.#subscribers.splice(at, 1);
    }
  };

  async #serve(stream: SimStream, subscriber: Subscriber): Promise<void> {
    for (;;) {
      const words = await (this.#bug === 'takes a chunk for a command'
        ? readChunkAsCommand(stream)
        : readArray(stream));
      if (words === null) break;
      const [name, key = ''] = words;
      if (name === 'INCR') {
        await stream.writeAll(`:${await this.#increment(key)}\r\n`);
      } else if (name === 'GET') {
        await stream.writeAll(`:${this.#values.get(key) ?? 0}\r\n`);
      } else if (name === 'PUBLISH') {
        await this.#publish(key);
        await stream.writeAll(':1\r\n');
      } else if (name === 'SUBSCRIBE') {
        await stream.writeAll(`*2\r\n${bulk('subscribe')}${bulk(key)}`);
        this.#subscribers.push(subscriber);
      } else {
        await stream.writeAll('-ERR unknown command\r\n');
      }
    }
  }
}

/** Asks until there is an answer; says how often it is not known whether the server did it. */
async function ask(
  sim: Simulation,
  host: string,
  words: readonly string[],
): Promise<{ readonly answer: number; readonly unknown: number }> {
  for (let unknown = 0; unknown < 50; unknown += 1) {
    const line = await attempt(async () => {
      const stream = await sim.host(host).connect(`${HOST}:${PORT}`, { timeout: TIMEOUT });
      try {
        await stream.writeAll(command(...words), { timeout: TIMEOUT });
        return await stream.readLine({ timeout: TIMEOUT });
      } finally {
        stream.reset();
      }
    });
    if (line !== undefined && line !== null) {
      check(line.startsWith(':'), `expected a number, got ${line}`);
      return { answer: Number(line.slice(1)), unknown };
    }
    await sim.clock.sleep(100);
  }
  throw new Error(`no answer to ${words.join(' ')} in fifty attempts`);
}

/** Two clients that count on one counter: what was answered is there, and nothing more than was sent. */
async function countVisits(sim: Simulation): Promise<void> {
  let answered = 0;
  let unknown = 0;
  const counters = ['one', 'two'].map((host) =>
    sim.executor.spawn(
      async () => {
        for (let turn = 0; turn < INCREMENTS; turn += 1) {
          const asked = await ask(sim, host, ['INCR', 'visits']);
          answered += 1;
          unknown += asked.unknown;
        }
      },
      { name: `counter ${host}` },
    ),
  );
  await Promise.all(counters);
  const { answer } = await ask(sim, 'one', ['GET', 'visits']);
  check(
    answer >= answered && answer <= answered + unknown,
    `expected ${answered} to ${answered + unknown} visits, got ${answer}`,
  );
}

/** Reads what is published until its connection ends: numbers that follow one another. */
async function follow(sim: Simulation, host: string, isOver: () => boolean): Promise<void> {
  while (!isOver()) {
    const last = new Map<string, number>();
    let stream: SimStream | undefined;
    await attempt(async () => {
      stream = await sim.host(host).connect(`${HOST}:${PORT}`, { timeout: TIMEOUT });
      await stream.writeAll(command('SUBSCRIBE', 'news'), { timeout: TIMEOUT });
      while (!isOver()) {
        const push = await readArray(stream);
        if (push === null) return;
        const [kind, text] = push;
        if (kind !== 'message') continue;
        const [press = '', digits] = text?.split(' ') ?? [];
        const number = Number(digits);
        const before = last.get(press) ?? number - 1;
        check(number === before + 1, `${host} got ${number} of ${press} behind ${before}`);
        last.set(press, number);
      }
    });
    stream?.reset();
    await sim.clock.sleep(100);
  }
}

/** Publishes each message once: a connection that fails ends the sequence. */
async function publish(sim: Simulation, press: string): Promise<void> {
  await attempt(async () => {
    const stream = await sim.host(press).connect(`${HOST}:${PORT}`, { timeout: TIMEOUT });
    try {
      for (let number = 1; number <= MESSAGES; number += 1) {
        const text = `${press} ${number} ${'news '.repeat(20)}`;
        await stream.writeAll(command('PUBLISH', text), { timeout: TIMEOUT });
        if ((await stream.readLine({ timeout: TIMEOUT })) === null) return;
        if (sim.random.chance(0.1)) await sim.clock.sleep(sim.random.integer(0, LULL));
      }
    } finally {
      stream.reset();
    }
  });
}

export const resp: Protocol = {
  name: 'a small Redis',
  bugs: {
    'takes a chunk for a command': 'what is split or merged on the way is misread',
    'increments in two steps': 'of two increments at once one is lost',
    'removes while it iterates': 'the subscriber behind one that has gone misses a message',
    'takes a partial write for a whole one': 'the rest of a push is lost',
    'writes a push in two parts': 'two pushes at once are mixed',
    'answers before the disk': 'what was answered is lost with a crash',
  },
  quick: ['increments in two steps'],
  program: (bug) => async (sim) => {
    const host = sim.host(HOST);
    serveOn(host, PORT, async () => new Server(sim, bug, await Journal.open(host)).serve);
    let isOver = false;
    const followers = ['reader', 'writer', 'editor'].map((name) =>
      sim.executor.spawn(() => follow(sim, name, () => isOver), { name: `follower ${name}` }),
    );
    const presses = ['herald', 'tribune', 'gazette'].map((name) =>
      sim.executor.spawn(() => publish(sim, name), { name: `press ${name}` }),
    );
    await countVisits(sim);
    await Promise.all(presses);
    isOver = true;
    await Promise.all(followers);
  },
  faults: { ...BREAKING, window: 1, crash: 0.002 },
};
