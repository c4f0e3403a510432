/** The contracts of writing: what is accepted, what waits, and that no accepted byte is lost. */

import { BusyError } from '../../vocabulary/errors.ts';
import { WOULD_BLOCK } from '../../vocabulary/would-block.ts';
import type { Contract } from './contract.ts';
import { bytesOf, pattern } from './trial.ts';
import { WRITE_READINESS, WRITE_WAITS, WRITES } from './waits.ts';

export const WRITING: readonly Contract[] = [
  {
    name: 'tryWrite accepts what fits, then WOULD_BLOCK, until the peer reads',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      trial.equal(a.isWritable, true, 'isWritable of a fresh stream');
      trial.equal(a.tryWrite(''), 0, 'tryWrite of nothing');
      const accepted = await trial.fill(a);
      trial.ok(accepted > 0, 'a fresh stream accepts nothing');
      trial.equal(a.isWritable, false, 'isWritable of a full stream');
      trial.equal(a.tryWrite('x'), WOULD_BLOCK, 'tryWrite on a full stream');
      const waiting = trial.start(a.writable());
      await trial.pending(waiting, 'writable on a full stream');
      await trial.drain(b, 0, accepted);
      await trial.settle(waiting, 'writable once the peer reads');
      trial.equal(a.tryWrite('x'), 1, 'tryWrite once there is room');
      await trial.takes(b, 'x', 'what came next');
    },
  },
  {
    name: 'writes wait while the carrier is full, and go on when the peer reads',
    body: async (trial) => {
      for (const { name, start } of WRITES) {
        const [a, b] = await trial.pair();
        const accepted = await trial.fill(a);
        const waiting = trial.start(start(a));
        await trial.pending(waiting, `${name} on a full stream`);
        await trial.drain(b, 0, accepted);
        const next = (await trial.settle(b.readExactly(1), 'what came next'))[0];
        trial.equal(next, name === 'writev' ? 0 : 119, `the first byte of ${name}`);
        await trial.settle(b.shutdown('read'), "shutdown('read')");
        await trial.settle(waiting, `${name} once the peer reads`);
      }
    },
  },
  {
    name: 'any number of waits for room may stand, and room settles them all',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const accepted = await trial.fill(a);
      const waits = [...WRITE_READINESS, ...WRITE_READINESS].map(
        ({ name, start }) => [name, trial.start(start(a))] as const,
      );
      const first = Promise.race(waits.map(([, wait]) => wait));
      await trial.pending(first, 'a wait for room on a full stream');
      await trial.drain(b, 0, accepted);
      for (const [name, wait] of waits) await trial.settle(wait, `${name} once the peer reads`);
    },
  },
  {
    name: 'a writer may reuse its buffer at once',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const buffer = bytesOf('mine');
      const count = a.tryWrite(buffer);
      buffer.fill(33);
      trial.ok(typeof count === 'number' && count >= 1, 'a fresh stream accepts nothing');
      const size = typeof count === 'number' ? count : 0;
      await trial.takes(b, 'mine'.slice(0, size), 'what was accepted before the buffer changed');
    },
  },
  {
    name: 'write accepts a part, writeAll and writev everything, in order',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const count = await trial.settle(a.write('some bytes'), 'write');
      trial.ok(count >= 1 && count <= 10, `write accepted ${count} of 10 bytes`);
      await trial.takes(b, 'some bytes'.slice(0, count), 'what write accepted');
      const all = async (): Promise<void> => {
        await a.writeAll(bytesOf('bytes '));
        await a.writeAll('te\xeft ');
        await a.writev([bytesOf('p'), bytesOf(''), 'i\xe8ces ']);
        await a.writev([bytesOf('given'), bytesOf(' away')], { transfer: true });
        await a.writeAll('');
        await a.writev([]);
        await a.flush();
      };
      const writing = trial.start(all());
      const sent = Buffer.from('bytes te\xeft pi\xe8ces given away');
      const got = await trial.settle(b.readExactly(sent.length), 'what was written');
      trial.equal(got, new Uint8Array(sent), 'what was written, text as UTF-8');
      await trial.settle(writing, 'writeAll, writev and flush');
    },
  },
  {
    name: 'flush waits until everything accepted was passed on',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      await trial.settle(a.flush(), 'flush with nothing to send');
      const accepted = await trial.fill(a);
      const waiting = trial.start(a.flush());
      await trial.pending(waiting, 'flush on a full stream');
      trial.ok(a.statistics().unsent > 0, 'a full stream has nothing unsent');
      await trial.drain(b, 0, accepted);
      await trial.settle(waiting, 'flush once the peer reads');
      trial.equal(a.statistics().unsent, 0, 'unsent after flush');
    },
  },
  {
    name: 'one task at a time writes: a second one is refused at once, and the first goes on',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      const accepted = await trial.fill(a);
      const waiting = trial.start(a.writeAll(pattern(accepted, 100)));
      for (const { name: operation, start } of WRITES) {
        const what = `${operation} while writeAll waits`;
        await trial.rejects(start(a), what, { type: BusyError, code: 'EBUSY', operation });
      }
      trial.throws(() => a.tryWrite('x'), 'tryWrite while writeAll waits', {
        type: BusyError,
        code: 'EBUSY',
        operation: 'tryWrite',
      });
      await trial.drain(b, 0, accepted + 100);
      await trial.settle(waiting, 'writeAll, after others were refused as busy');
      await trial.settle(a.writable(), 'writable');
    },
  },
  {
    name: 'a writer that is stopped does not stop the reading of its end',
    body: async (trial) => {
      const [a, b] = await trial.pair();
      await trial.fill(a);
      const waits = WRITE_WAITS.filter(({ isExclusive }) => !isExclusive);
      for (const { start } of waits) void trial.start(start(a));
      const writing = trial.start(a.writeAll('more'));
      trial.feed(b, 'the other way');
      await trial.takes(a, 'the other way', 'reading while writing waits');
      await trial.pending(writing, 'writeAll on a full stream');
      await trial.drain(b, 0, 1);
    },
  },
];
