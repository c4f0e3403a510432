/** The contracts of readiness: level-triggered, for any number of tasks, and reported to observers. */

import { Interest, ReadyBits } from '../../vocabulary/interest.ts';
import type { Contract } from './contract.ts';
import { textOf } from './trial.ts';
import { READ_READINESS, READY_FOR_BOTH } from './waits.ts';

/** More reads than may succeed in one iteration of the loop. */
const MANY_READS = 500;
const BYTES = 1_000;

export const READINESS: readonly Contract[] = [
  {
    name: 'readiness follows the state: bytes, room, the end of either direction',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.equal([b.isReadable, b.isWritable], [false, true], 'isReadable, isWritable at first');
      let ready = await trial.settle(b.ready(Interest.READABLE | Interest.WRITABLE), 'ready');
      trial.equal([ready.isReadable, ready.isWritable], [false, true], 'ready at first');
      trial.feed(a, 'x');
      ready = await trial.settle(b.ready(Interest.READABLE), 'ready(READABLE)');
      const flags = [ready.isReadable, ready.isWritable, ready.isReadClosed, ready.isError];
      trial.equal(flags, [true, false, false, false], 'ready(READABLE) with a byte there');
      await trial.takes(b, 'x', 'the byte');
      trial.equal(b.isReadable, false, 'isReadable when all was taken');
      await trial.endFeed(a);
      ready = await trial.settle(b.ready(Interest.READABLE), 'ready(READABLE) at the end');
      const atEnd = [ready.isReadable, ready.isReadClosed, ready.isWriteClosed, ready.isError];
      trial.equal(atEnd, [true, true, false, false], 'ready(READABLE) at the end');
      ready = await trial.settle(a.ready(Interest.WRITABLE), 'ready(WRITABLE) after FIN');
      const after = [ready.isWritable, ready.isWriteClosed, ready.isReadClosed, ready.isError];
      trial.equal(after, [true, true, false, false], 'ready(WRITABLE) after one’s own FIN');
      trial.equal(b.readiness & ReadyBits.READ_CLOSED, ReadyBits.READ_CLOSED, 'readiness');
    },
  },
  {
    name: 'readable is level-triggered, and any number of tasks may wait for it',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const waits = Array.from({ length: 10 }, () => READ_READINESS).flat();
      const early = waits.map(({ start }) => trial.start(start(b)));
      await trial.pending(Promise.race(early), 'a wait for bytes');
      trial.feed(a, 'x');
      await trial.settle(Promise.all(early), 'waits for bytes that came');
      const late = waits.map(({ start }) => start(b));
      await trial.settle(Promise.all(late), 'waits for bytes that are there');
      await trial.takes(b, 'x', 'the byte, which no wait took');
    },
  },
  {
    name: 'ready for both settles when either comes',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      await trial.fill(a);
      const waiting = trial.start(READY_FOR_BOTH.start(a));
      await trial.pending(waiting, 'ready(both) with nothing to read and no room');
      trial.feed(b, 'x');
      await trial.settle(waiting, 'ready(both) when a byte comes');
    },
  },
  {
    name: 'an observer is notified that readiness may have risen, until it is taken away',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      let notices = 0;
      const observer = {
        onReadiness: (): void => {
          notices += 1;
        },
      };
      b.observe(observer);
      trial.feed(a, 'x');
      await trial.until(() => notices > 0 && b.isReadable, 'a notice of a byte');
      await trial.takes(b, 'x', 'the byte');
      notices = 0;
      await trial.endFeed(a);
      await trial.until(() => notices > 0 && b.isReadable, 'a notice of the end');
      b.unobserve(observer);
      notices = 0;
      b.reset();
      await trial.settle(b.closed, '`closed`');
      trial.equal(notices, 0, 'notices after unobserve');
    },
  },
  {
    name: 'a task that always finds bytes lets the loop turn',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.feed(a, 'y'.repeat(BYTES));
      await trial.settle(b.readExactly(1), 'the first byte');
      const loop = { hasTurned: false };
      trial.clock.defer(() => {
        loop.hasTurned = true;
      });
      // A carrier that buffers little makes its reader wait. Only reads that find bytes count here.
      let ready = 0;
      for (let read = 1; read < BYTES && !loop.hasTurned; read += 1) {
        if (b.isReadable) ready += 1;
        trial.ok(ready <= MANY_READS, `${ready} reads found bytes, and the loop did not turn`);
        trial.equal(await b.readWith(() => 1), 1, 'readWith of one byte');
      }
      await trial.settle(b.shutdown('read'), "shutdown('read')");
    },
  },
  {
    name: 'the halves of a split stream are the stream',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const [reader, writer] = a.split();
      const writing = trial.start(writer.writeAll('out').then(() => writer.shutdown()));
      trial.feed(b, 'in\nall');
      trial.equal(await trial.settle(reader.readLine(), 'readLine of a half'), 'in', 'the line');
      await trial.takes(b, 'out', 'what the writing half wrote');
      await trial.settle(writing, 'writing and finishing by a half');
      await trial.ends(b, 'the end, after the writing half finished');
      const ended = trial.start(trial.endFeed(b));
      let rest = '';
      for await (const chunk of reader) rest += textOf(chunk) ?? '';
      trial.equal(rest, 'all', 'iterating over the reading half');
      await trial.settle(ended, 'the end of the other direction');
      trial.equal(reader.isPairOf(writer), true, 'isPairOf the other half');
      trial.equal(reader.isPairOf(b.split()[1]), false, 'isPairOf the peer’s half');
      trial.equal(reader.reunite(writer), a, 'what reunite gives');
    },
  },
  {
    name: 'statistics are a frozen snapshot that names who waits',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const before = b.statistics();
      trial.ok(Object.isFrozen(before) && Object.isFrozen(before.waits), 'it is not frozen');
      void trial.start(b.readable());
      void trial.start(b.readLine());
      await trial.clock.sleep(trial.quiet);
      const { waits } = b.statistics();
      const operations = waits.map(({ operation }) => operation).toSorted();
      trial.equal(operations, ['readLine', 'readable'], 'the waits');
      trial.ok(
        waits.every(({ age }) => age >= 0 && Number.isFinite(age)),
        'a wait has no age',
      );
      trial.feed(a, 'abc');
      await trial.until(() => b.statistics().bytesRead === 3, 'bytesRead of 3');
      trial.equal(b.statistics().buffered, 3, 'buffered');
      trial.equal(a.statistics().bytesWritten, 3, 'bytesWritten');
      trial.equal(before.bytesRead, 0, 'the first snapshot’s bytesRead');
      trial.feed(a, '\n');
      await trial.until(() => b.statistics().waits.length === 0, 'no wait');
    },
  },
  {
    name: 'ref and unref change nothing else',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      a.unref();
      a.ref();
      trial.feed(a, 'x');
      await trial.takes(b, 'x', 'what was written');
    },
  },
];
