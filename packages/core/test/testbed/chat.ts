/**
 * A chat with one room: from joining to leaving, each member receives every message once, in the order of the server.
 *
 *     member → server   nick\n, then text\n …
 *     server → member   taken\n, or welcome NEXT\n, then NUMBER NICK TEXT\n …
 */

import type { SimStream, Simulation } from '../../src/testing/index.ts';
import { attempt, BREAKING, check, serveOn, type Protocol } from './protocol.ts';

const TIMEOUT = 4_000;
const PORT = 6667;
const TEXTS = ['bonjour à tous €', 'naïve café — déjà vu ✓', '猫と犬'];
/** What a member may be behind before it is dropped. */
const OUTBOX = 64;

/** One member: a task writes what the outbox holds. */
class Member {
  readonly stream: SimStream;
  readonly #outbox: string[] = [];
  #wake: (() => void) | undefined;
  #isGone = false;

  constructor(stream: SimStream) {
    this.stream = stream;
  }

  send(line: string): void {
    if (this.#outbox.push(line) > OUTBOX) this.leave();
    this.#wake?.();
  }

  leave(): void {
    this.#isGone = true;
    this.#wake?.();
  }

  async write(): Promise<void> {
    while (!this.#isGone) {
      const line = this.#outbox.shift();
      if (line === undefined) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
      } else if (
        (await attempt(() => this.stream.writeAll(line, { timeout: TIMEOUT }))) === undefined &&
        this.stream.isClosed
      ) {
        return;
      }
    }
  }
}

function server(sim: Simulation, bug: string | undefined): void {
  const members = new Map<string, Member>();
  let next = 0;

  const broadcast = async (nick: string, text: string): Promise<void> => {
    const line = `${next} ${nick} ${text}\n`;
    next += 1;
    for (const member of members.values()) {
      if (bug === 'two tasks write to one member')
        await attempt(() => member.stream.writeAll(line));
      else member.send(line);
    }
  };

  const serve = async (stream: SimStream): Promise<void> => {
    const nick = await stream.readLine({ timeout: TIMEOUT });
    if (nick === null) return;
    const isTaken = members.has(nick);
    // Looks the name up elsewhere, between the question and its use.
    if (bug === 'name is checked too early') await sim.clock.sleep(5);
    if (isTaken) {
      await stream.writeAll('taken\n');
      return;
    }
    const member = new Member(stream);
    member.send(`welcome ${next}\n`);
    // Writes the visit into a book, between the welcome and the joining.
    if (bug === 'joins after the welcome') await sim.clock.sleep(5);
    members.set(nick, member);
    const writing = sim.executor.spawn(() => member.write(), { name: `writer of ${nick}` });
    const leave = (): void => {
      if (members.get(nick) === member) members.delete(nick);
      member.leave();
    };
    try {
      for await (const text of linesOf(stream, bug)) await broadcast(nick, text);
      if (bug === 'a broken member stays') leave();
    } finally {
      if (bug === 'a broken member stays') member.leave();
      else leave();
      await writing;
    }
  };
  serveOn(sim.host('server'), PORT, () => Promise.resolve(serve));
}

async function* linesOf(stream: SimStream, bug: string | undefined): AsyncGenerator<string> {
  if (bug === 'decodes each chunk') {
    let rest = '';
    for (;;) {
      const chunk = await stream.readChunk({ timeout: TIMEOUT });
      if (chunk === null) return;
      const lines = (rest + Buffer.from(chunk).toString()).split('\n');
      rest = lines.pop() ?? '';
      yield* lines;
    }
  }
  for (;;) {
    const line = await stream.readLine({ timeout: TIMEOUT });
    if (line === null) return;
    yield line;
  }
}

/** What all members have seen, by number. */
type Log = Map<number, string>;

/** A visitor of the room: two of them have the same name. */
interface Visitor {
  readonly nick: string;
  readonly texts: readonly string[];
}

/** Joins, says its texts, and stays until it has read the last of them. */
async function visit(
  sim: Simulation,
  { nick, texts }: Visitor,
  log: Log,
): Promise<'done' | 'taken' | 'lost'> {
  const stream = await attempt(() =>
    sim.host(`home-of-${nick}`).connect(`server:${PORT}`, {
      timeout: TIMEOUT,
      readHighWaterMark: 256,
    }),
  );
  if (stream === undefined) return 'lost';
  const outcome = await attempt(async () => {
    await stream.writeAll(`${nick}\n`, { timeout: TIMEOUT });
    const welcome = await stream.readLine({ timeout: TIMEOUT });
    if (welcome === null) return 'lost';
    if (welcome === 'taken') return 'taken';
    let expected = Number(welcome.slice('welcome '.length));
    const own = texts.map((text) => `${nick} ${text}`);
    for (const text of texts) await stream.writeAll(`${text}\n`, { timeout: TIMEOUT });
    while (own.length > 0) {
      const line = await stream.readLine({ timeout: TIMEOUT });
      if (line === null) return 'lost';
      const [number = '', ...words] = line.split(' ');
      const message = words.join(' ');
      check(Number(number) === expected, `${nick} expected message ${expected}, got ${number}`);
      const known = log.get(expected) ?? message;
      check(
        known === message,
        `message ${expected} is ${known} for one and ${message} for another`,
      );
      check(
        TEXTS.includes(words.slice(1, -1).join(' ')),
        `${nick} received a text that no member has sent: ${message}`,
      );
      check(
        words[0] !== nick || own.includes(message),
        `${nick} received what another of its name said: ${message}`,
      );
      log.set(expected, message);
      if (message === own[0]) own.shift();
      expected += 1;
    }
    return 'done';
  });
  if (outcome === 'done') await attempt(() => stream.close());
  stream.reset();
  return outcome ?? 'lost';
}

export const chat: Protocol = {
  name: 'a chat',
  bugs: {
    'joins after the welcome': 'what is said between the welcome and the joining is missed',
    'two tasks write to one member': 'two messages at once collide',
    'name is checked too early': 'two members of one name come in',
    'a broken member stays': 'its name is taken for good',
    'decodes each chunk': 'a character that two chunks share is lost',
  },
  quick: ['decodes each chunk'],
  program: (bug) => async (sim) => {
    server(sim, bug);
    const log: Log = new Map();
    const people = ['ada', 'bob', 'ada'].map((nick, index) => {
      const visitor = { nick, texts: TEXTS.map((text) => `${text} ${index}`) };
      return sim.executor.spawn(
        async () => {
          for (let round = 0; round < 12; round += 1) {
            await sim.clock.sleep(sim.random.integer(0, 200));
            if ((await visit(sim, visitor, log)) === 'done') return;
            // The server notices a lost connection after its timeout at the latest.
            await sim.clock.sleep(round * 1_000);
          }
          throw new Error(`${nick} could not say what it wanted to in twelve visits`);
        },
        { name: `visitor ${index}, ${nick}` },
      );
    });
    await Promise.all(people);
  },
  faults: BREAKING,
};
