/** The contracts of reading: what each call takes, returns and leaves. */

import { BusyError, InvalidInputError } from '../../vocabulary/errors.ts';
import { WOULD_BLOCK } from '../../vocabulary/would-block.ts';
import type { Contract } from './contract.ts';
import { bytesOf, textOf } from './trial.ts';
import { COLLECTING_READS, FIRST_BYTE_READS } from './waits.ts';

const byteAt = (place: number): number => (place * 31 + (place >> 8)) & 0xff;

export const READING: readonly Contract[] = [
  {
    name: 'bytes come as they were written, both ways at once',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const sent = Uint8Array.from({ length: trial.volume }, (_, place) => byteAt(place));
      const send = async (from: typeof a): Promise<void> => {
        await from.writeAll(sent);
        await from.shutdown('write');
      };
      const receive = async (to: typeof a): Promise<void> => {
        let place = 0;
        for await (const chunk of to) {
          trial.ok(chunk.length > 0, 'a chunk of an iteration is empty');
          for (const byte of chunk) {
            if (byte !== byteAt(place)) throw new Error(`byte ${place} is wrong`);
            place += 1;
          }
        }
        trial.equal(place, trial.volume, 'bytes that came');
      };
      const all = Promise.all([send(a), send(b), receive(a), receive(b)]);
      await trial.settle(all, 'writing and reading both ways');
    },
  },
  {
    name: 'tryRead gives a count, WOULD_BLOCK or null, and never waits',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const buffer = new Uint8Array(8);
      trial.equal(b.tryRead(buffer), WOULD_BLOCK, 'tryRead with nothing there');
      trial.feed(a, 'x');
      await trial.settle(b.readable(), 'readable');
      trial.equal(b.tryRead(new Uint8Array(0)), 0, 'tryRead into an empty buffer');
      trial.equal(b.tryRead(buffer), 1, 'tryRead with one byte there');
      trial.equal(buffer[0], 120, 'the byte that tryRead took');
      trial.equal(b.tryRead(buffer), WOULD_BLOCK, 'tryRead when all was taken');
      await trial.endFeed(a);
      await trial.settle(b.readable(), 'readable at the end');
      trial.equal(b.tryRead(buffer), null, 'tryRead at the end');
      trial.equal(b.tryRead(buffer), null, 'tryRead at the end, again');
    },
  },
  {
    name: 'read fills the buffer it was given, no further, and leaves the rest',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const whole = new Uint8Array(8).fill(46);
      const buffer = whole.subarray(2, 5);
      const waiting = trial.start(b.read(buffer));
      trial.feed(a, 'abcdef');
      let count = await trial.settle(waiting, 'read');
      trial.ok(count !== null && count >= 1 && count <= 3, `read gave ${count} for 3 bytes`);
      let text = textOf(buffer.subarray(0, count ?? 0)) ?? '';
      trial.equal(textOf(whole), `..${text.padEnd(6, '.')}`, 'the memory around the buffer');
      while (text.length < 6) {
        count = await trial.settle(b.read(buffer), 'read');
        text += textOf(buffer.subarray(0, count ?? 0)) ?? '';
      }
      trial.equal(text, 'abcdef', 'what was read');
      await trial.endFeed(a);
      trial.equal(await trial.settle(b.read(buffer), 'read at the end'), null, 'read at the end');
    },
  },
  {
    name: 'a chunk is the reader’s to keep',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const kept: Uint8Array[] = [];
      for (const word of ['first', 'other', 'third']) {
        trial.feed(a, word);
        for (let left = word.length; left > 0;) {
          const chunk = await trial.settle(b.readChunk(), 'readChunk');
          if (chunk === null || chunk.length === 0) throw new Error('readChunk gave nothing');
          kept.push(chunk);
          left -= chunk.length;
        }
      }
      const text = kept.map(textOf).join('');
      trial.equal(text, 'firstotherthird', 'the chunks, after the last one came');
    },
  },
  {
    name: 'readWith lends, and keeps what its taker leaves; a taker that throws took nothing',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const failure = new Error('not today');
      const refuse = (): number => {
        throw failure;
      };
      const waiting = trial.start(b.readWith(refuse));
      trial.feed(a, 'abc');
      const first = await trial.rejection(waiting, 'a waiting readWith whose taker throws');
      trial.equal(first, failure, 'its reason');
      const second = await trial.rejection(b.readWith(refuse), 'readWith whose taker throws');
      trial.equal(second, failure, 'its reason');
      let taken = '';
      const takeOne = (view: Uint8Array): number => {
        taken += textOf(view.subarray(0, 1)) ?? '';
        return 1;
      };
      trial.equal(await trial.settle(b.readWith(takeOne), 'readWith'), 1, 'what readWith gives');
      trial.equal(taken, 'a', 'what was lent');
      await trial.takes(b, 'bc', 'what was left');
    },
  },
  {
    name: 'readWith lends to an object as it does to a function, waiting or not',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const taker = {
        taken: '',
        take(view: Uint8Array): number {
          this.taken += textOf(view.subarray(0, 1)) ?? '';
          return 1;
        },
      };
      const waiting = trial.start(b.readWith(taker));
      trial.feed(a, 'abc');
      trial.equal(await trial.settle(waiting, 'readWith'), 1, 'what a waiting readWith gives');
      trial.equal(await trial.settle(b.readWith(taker), 'readWith'), 1, 'what readWith gives');
      trial.equal(taker.taken, 'ab', 'what was lent');
      await trial.takes(b, 'c', 'what was left');
    },
  },
  {
    name: 'peek shows bytes and takes none',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.equal(b.peek(4), WOULD_BLOCK, 'peek with nothing there');
      trial.feed(a, 'peeked');
      await trial.settle(b.readable(), 'readable');
      trial.equal(b.peek(0), new Uint8Array(0), 'peek(0)');
      trial.equal(b.peek(1), bytesOf('p'), 'peek(1)');
      const more = b.peek(1_000);
      const seen = more instanceof Uint8Array ? (textOf(more) ?? '') : '';
      trial.ok(seen !== '' && 'peeked'.startsWith(seen), `peek(1000) gave "${seen}"`);
      if (more instanceof Uint8Array) more.fill(0);
      await trial.takes(b, 'peeked', 'what was read after it');
      await trial.endFeed(a);
      await trial.ends(b, 'the end');
      trial.equal(b.peek(4), null, 'peek at the end');
    },
  },
  {
    name: 'leaving an iteration leaves the stream open, and every later byte in it',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.feed(a, 'one two three');
      let text = '';
      const takeSome = async (): Promise<void> => {
        for await (const chunk of b) {
          text += textOf(chunk) ?? '';
          if (text.length > 2) break;
        }
      };
      await trial.settle(takeSome(), 'an iteration that is left');
      await trial.takes(b, 'one two three'.slice(text.length), 'what came after the break');
      trial.equal(b.isClosed, false, 'isClosed after the break');
      trial.feed(a, 'four');
      await trial.takes(b, 'four', 'what was written after the break');
      await trial.endFeed(a);
      for await (const chunk of b) throw new Error(`${chunk.length} bytes after the end`);
    },
  },
  {
    name: 'one task at a time reads: a second one is refused at once, and the first goes on',
    body: async (trial) => {
      for (const first of [...FIRST_BYTE_READS, ...COLLECTING_READS]) {
        const [a, b] = await trial.pair();
        const waiting = trial.start(first.start(b));
        for (const second of [...FIRST_BYTE_READS, ...COLLECTING_READS]) {
          const { name: operation } = second;
          const what = `${operation} while ${first.name} waits`;
          await trial.rejects(second.start(b), what, { type: BusyError, code: 'EBUSY', operation });
        }
        trial.throws(() => b.tryRead(new Uint8Array(1)), `tryRead while ${first.name} waits`, {
          type: BusyError,
          code: 'EBUSY',
          operation: 'tryRead',
        });
        trial.feed(a, `${'x'.repeat(999)}\n`);
        await trial.settle(waiting, `${first.name}, after others were refused as busy`);
        await trial.settle(b.shutdown('read'), "shutdown('read')");
      }
    },
  },
  {
    name: 'a wrong argument is refused, and changes nothing',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.feed(a, 'safe');
      await trial.settle(b.readable(), 'readable');
      const wrong = null as unknown as Uint8Array;
      const expected = { type: InvalidInputError, code: 'ERR_INVALID_INPUT' };
      const calls: readonly (readonly [what: string, call: Promise<unknown>])[] = [
        ['read(null)', b.read(wrong)],
        ['readExactly(-1)', b.readExactly(-1)],
        ['readExactly(1.5)', b.readExactly(1.5)],
        ['readUntil("")', b.readUntil('')],
        ['readLine({ limit: 0 })', b.readLine({ limit: 0 })],
        ['readChunk({ timeout: -1 })', b.readChunk({ timeout: -1 })],
        ['ready(0)', b.ready(0)],
        ['writeAll(null)', b.writeAll(wrong)],
        ['writev([null])', b.writev([wrong])],
        ["shutdown('all')", b.shutdown('all' as 'both')],
      ];
      for (const [what, call] of calls) await trial.rejects(call, what, expected);
      for (const count of [1_000, -1, 0.5, NaN]) {
        await trial.rejects(
          b.readWith(() => count),
          `readWith whose taker took ${count} of 4 bytes`,
          expected,
        );
      }
      trial.throws(() => b.tryRead(wrong), 'tryRead(null)', expected);
      trial.throws(() => b.tryWrite(wrong), 'tryWrite(null)', expected);
      trial.throws(() => b.peek(-1), 'peek(-1)', expected);
      await trial.takes(b, 'safe', 'what was there');
      const waiting = trial.start(b.readWith((view) => view.length + 1));
      trial.feed(a, 'safe too');
      await trial.rejects(waiting, 'a waiting readWith whose taker took too much', expected);
      await trial.takes(b, 'safe too', 'what came then');
    },
  },
];
