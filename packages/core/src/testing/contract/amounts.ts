/** The contracts of the reads that need a certain amount: a number of bytes, a delimiter, a line. */

import { LimitError, UnexpectedEofError } from '../../vocabulary/errors.ts';
import type { Contract } from './contract.ts';
import { bytesOf, pattern, textOf } from './trial.ts';

const CUT_SHORT = { type: UnexpectedEofError, code: 'ERR_UNEXPECTED_EOF' };
const TOO_LONG = { type: LimitError, code: 'ERR_LIMIT' };
/** More than a stream buffers by default, and less than twice as much. */
const LARGE = 70_000;

export const AMOUNTS: readonly Contract[] = [
  {
    name: 'readExactly gives as many bytes as asked, also more than are ever buffered',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.equal((await trial.settle(b.readExactly(0), 'readExactly(0)')).length, 0, 'its length');
      const waiting = trial.start(b.readExactly(6));
      trial.feed(a, 'abc');
      await trial.pending(waiting, 'readExactly(6) with 3 bytes there');
      trial.feed(a, 'defg');
      trial.equal(textOf(await trial.settle(waiting, 'readExactly(6)')), 'abcdef', 'the bytes');
      await trial.takes(b, 'g', 'what was left');
      for (let at = 0; at < LARGE; at += 10_000) trial.feed(a, pattern(at, 10_000));
      const large = await trial.settle(b.readExactly(LARGE), `readExactly(${LARGE})`);
      for (let at = 0; at < LARGE; at += 10_000) {
        trial.equal(large.subarray(at, at + 10_000), pattern(at, 10_000), `bytes from ${at}`);
      }
    },
  },
  {
    name: 'readExactly that the end cuts short leaves what came',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const waiting = trial.start(b.readExactly(9));
      trial.feed(a, 'short');
      await trial.endFeed(a);
      await trial.rejects(waiting, 'a waiting readExactly at the end', CUT_SHORT);
      await trial.rejects(
        b.readExactly(6),
        'readExactly(6) with 5 bytes before the end',
        CUT_SHORT,
      );
      await trial.takes(b, 'short', 'what had come');
      await trial.rejects(b.readExactly(1), 'readExactly(1) at the end', CUT_SHORT);
    },
  },
  {
    name: 'readUntil gives everything up to and including the delimiter, wherever it was cut',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const waiting = trial.start(b.readUntil('\r\n\r\n'));
      trial.feed(a, 'head\r');
      await trial.pending(waiting, 'readUntil with a part of the delimiter there');
      trial.feed(a, '\n\r\r\n\r');
      await trial.pending(waiting, 'readUntil with all but the last byte there');
      trial.feed(a, '\nbody;rest');
      const head = await trial.settle(waiting, 'readUntil');
      trial.equal(textOf(head), 'head\r\n\r\r\n\r\n', 'what readUntil gives');
      const body = await trial.settle(b.readUntil(bytesOf(';')), 'readUntil of bytes');
      trial.equal(textOf(body), 'body;', 'what readUntil gives');
      const cut = trial.start(b.readUntil(';'));
      await trial.endFeed(a);
      await trial.rejects(cut, 'readUntil that the end cuts short', CUT_SHORT);
      await trial.takes(b, 'rest', 'what had come');
      trial.equal(await trial.settle(b.readUntil(';'), 'readUntil at the end'), null, 'its result');
    },
  },
  {
    name: 'readLine takes LF, CRLF and, for the last line, the end',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.feed(a, new TextEncoder().encode('one\ntwo\r\n\ncr\rin\nnaïve\nlast'));
      const lines: (string | null)[] = [];
      for (let count = 0; count < 5; count += 1) {
        lines.push(await trial.settle(b.readLine(), 'readLine'));
      }
      const last = trial.start(b.readLine());
      await trial.endFeed(a);
      lines.push(await trial.settle(last, 'readLine before the end'));
      lines.push(await trial.settle(b.readLine(), 'readLine at the end'));
      trial.equal(lines, ['one', 'two', '', 'cr\rin', 'naïve', 'last', null], 'the lines');
    },
  },
  {
    name: 'a delimiter that does not come within the limit is an error that takes nothing',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const limit = 4;
      const waiting = trial.start(b.readLine({ limit }));
      trial.feed(a, 'abcd\nefg\n');
      await trial.rejects(waiting, 'a waiting readLine({ limit: 4 }) of a line of 5', TOO_LONG);
      await trial.rejects(b.readLine({ limit }), 'readLine({ limit: 4 }), again', TOO_LONG);
      await trial.rejects(b.readUntil('\n', { limit }), 'readUntil({ limit: 4 })', TOO_LONG);
      trial.equal(await trial.settle(b.readLine({ limit: 5 }), 'readLine'), 'abcd', 'the line');
      trial.equal(await trial.settle(b.readLine({ limit }), 'readLine'), 'efg', 'the next line');
    },
  },
];
