import { describe, expect, test } from '@jest/globals';
import { deliverReads, isLastReader, queueRead, queueWrite, type BatchMember } from './io-batch.ts';

const member = (parts: Partial<BatchMember>): BatchMember => ({
  deliver: () => {},
  flushNow: () => {},
  ...parts,
});
const text = (view: Uint8Array): string => Buffer.from(view).toString();

describe('what the sockets of one turn gave', () => {
  test('is delivered in the check phase, in the order in which it came', async () => {
    const seen: string[] = [];
    const one = member({ deliver: (view) => seen.push(`one ${text(view)}`) });
    const two = member({ deliver: (view) => seen.push(`two ${text(view)}`) });
    expect(queueRead(one, Buffer.from('a'))).toBe(true);
    expect(queueRead(two, Buffer.from('b'))).toBe(true);
    expect(queueRead(one, Buffer.from('c'))).toBe(true);
    expect(seen).toEqual([]);
    await new Promise(setImmediate);
    expect(seen).toEqual(['one a', 'two b', 'one c']);
  });

  test('is delivered before what is too large to be kept, which stays with the caller', () => {
    const seen: string[] = [];
    const one = member({ deliver: (view) => seen.push(text(view)) });
    queueRead(one, Buffer.from('small'));
    expect(queueRead(one, new Uint8Array(100_000))).toBe(false);
    expect(seen).toEqual(['small']);
  });

  test('is all delivered, however much it is', () => {
    let bytes = 0;
    const one = member({
      deliver: (view) => {
        bytes += view.length;
      },
    });
    for (let read = 0; read < 100; read += 1) queueRead(one, new Uint8Array(8_000));
    deliverReads();
    expect(bytes).toBe(800_000);
  });

  test('reaches every member, also behind one that throws, and the error is reported', () => {
    const seen: string[] = [];
    const broken = member({
      deliver: () => {
        throw new Error('broken');
      },
    });
    const whole = member({ deliver: (view) => seen.push(text(view)) });
    queueRead(broken, Buffer.from('a'));
    queueRead(whole, Buffer.from('b'));
    expect(deliverReads).toThrow('broken');
    expect(seen).toEqual(['b']);
    // Nothing is delivered twice.
    queueRead(whole, Buffer.from('c'));
    deliverReads();
    expect(seen).toEqual(['b', 'c']);
  });
});

describe('the socket that read last', () => {
  test.each([
    ['a small read', 1],
    ['one that is too large to be kept', 100_000],
  ])('is known after %s, until another reads or the poll phase is over', async (_size, bytes) => {
    const [one, two] = [member({}), member({})];
    queueRead(one, new Uint8Array(bytes));
    expect([isLastReader(one), isLastReader(two)]).toEqual([true, false]);
    // Another socket that ends delivers all reads; libuv may still mistake a hang-up of this one.
    deliverReads();
    expect(isLastReader(one)).toBe(true);
    queueRead(two, new Uint8Array(1));
    expect([isLastReader(one), isLastReader(two)]).toEqual([false, true]);
    await new Promise(setImmediate);
    expect(isLastReader(two)).toBe(false);
  });
});

describe('what the sockets of one turn are given', () => {
  test('is sent when the reactions that run now have ended', async () => {
    const seen: string[] = [];
    const one = member({ flushNow: () => seen.push('sent') });
    await Promise.resolve();
    queueWrite(one);
    await Promise.resolve();
    await Promise.resolve();
    seen.push('reacted');
    await new Promise(setImmediate);
    expect(seen).toEqual(['reacted', 'sent']);
  });

  test('is sent by every member, also behind one that throws, and the error is reported', async () => {
    const seen: string[] = [];
    const told = new Promise<unknown>((resolve) => {
      process.setUncaughtExceptionCaptureCallback(resolve);
    });
    try {
      queueWrite(
        member({
          flushNow: () => {
            throw new Error('broken');
          },
        }),
      );
      queueWrite(member({ flushNow: () => seen.push('sent') }));
      expect(await told).toEqual(new Error('broken'));
    } finally {
      process.setUncaughtExceptionCaptureCallback(null);
    }
    expect(seen).toEqual(['sent']);
  });
});
