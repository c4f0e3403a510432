/**
 * What a message between two tasks costs: one sends and awaits each send, the other awaits each message. Arguments: WAY SECONDS.
 *
 * Prints the nanoseconds that one takes.
 */

import { channel } from '@awaitio/core/sync';
import { measure } from './measure.ts';

const BATCH = 100_000;
const CAPACITY = 64;

/** Sends the numbers below `BATCH`, and adds up those that arrive. */
type Way = () => Promise<number>;

const ways: Readonly<Record<string, Way>> = {
  async channel() {
    const [sender, receiver] = channel<number>({ capacity: CAPACITY });
    const sending = (async () => {
      for (let n = 0; n < BATCH; n += 1) await sender.send(n);
      sender.close();
    })();
    let sum = 0;
    for (let n; (n = await receiver.receive()) !== null;) sum += n;
    await sending;
    return sum;
  },
  async iterated() {
    const [sender, receiver] = channel<number>({ capacity: CAPACITY });
    const sending = (async () => {
      for (let n = 0; n < BATCH; n += 1) await sender.send(n);
      sender.close();
    })();
    let sum = 0;
    for await (const n of receiver) sum += n;
    await sending;
    return sum;
  },
  async webStream() {
    const { readable, writable } = new TransformStream<number, number>(
      {},
      { highWaterMark: CAPACITY },
      { highWaterMark: CAPACITY },
    );
    const [writer, reader] = [writable.getWriter(), readable.getReader()];
    const sending = (async () => {
      for (let n = 0; n < BATCH; n += 1) await writer.write(n);
      await writer.close();
    })();
    let sum = 0;
    for (let read; !(read = await reader.read()).done;) sum += read.value;
    await sending;
    return sum;
  },
  /** What no channel can beat: each side awaits a promise per message, and nothing passes between them. */
  async awaits() {
    let sum = 0;
    const wait = async (count: boolean): Promise<void> => {
      for (let n = 0; n < BATCH; n += 1) {
        await Promise.resolve(n);
        if (count) sum += n;
      }
    };
    await Promise.all([wait(false), wait(true)]);
    return sum;
  },
};

const way = ways[process.argv[2] ?? 'channel'];
if (way === undefined) throw new Error(`no such way: ${process.argv[2]}`);

await measure(Number(process.argv[3]), BATCH, async () => {
  if ((await way()) !== (BATCH * (BATCH - 1)) / 2) throw new Error('a message was lost');
});
