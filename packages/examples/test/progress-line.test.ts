/** The line that shows how far a download has come, on a terminal that a test plays. */
import { expect, test } from '@jest/globals';
import { ProgressLine } from '../src/support/progress-line.ts';

const MIB = 1_048_576;

function played(isTTY: boolean): {
  line: ProgressLine;
  written: string[];
  wait: (ms: number) => void;
} {
  const written: string[] = [];
  let now = 0;
  const terminal = { isTTY, columns: 60, write: (text: string) => void written.push(text) };
  const wait = (ms: number): void => {
    now += ms;
  };
  return { line: new ProgressLine(terminal, () => now), written, wait };
}

test('a long body is shown, with its share where its length is known', () => {
  const { line, written, wait } = played(true);
  line.update('First', { bytes: MIB, total: 4 * MIB });
  wait(100);
  line.update('Second', { bytes: 3 * MIB, total: undefined });
  expect(written).toEqual([
    '\r\u001B[KFirst [#####...............] 25 % of 4.0 MiB',
    '\r\u001B[KFirst [#####...............] 25 % of 4.0 MiB   Second 3.0 M',
  ]);
});

test('it is drawn ten times a second at most, and is gone at the end', () => {
  const { line, written, wait } = played(true);
  for (let bytes = 1; bytes <= 100; bytes += 1) {
    line.update('First', { bytes: bytes * MIB, total: 100 * MIB });
    wait(10);
  }
  expect(written).toHaveLength(10);
  line.end('First');
  line.end('First');
  expect(written.slice(10)).toEqual(['\r\u001B[K']);
});

test('a short body, and one in a pipe, show nothing', () => {
  const short = played(true);
  short.line.update('First', { bytes: 10, total: 20 });
  short.line.end('First');
  const piped = played(false);
  piped.line.update('First', { bytes: MIB, total: 4 * MIB });
  piped.line.end('First');
  expect([...short.written, ...piped.written]).toEqual([]);
});
