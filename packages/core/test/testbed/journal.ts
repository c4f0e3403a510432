/** An append-only file of lines on a host's disk. */

import type { SimFileHandle, SimHost } from '../../src/testing/index.ts';

const PATH = '/journal';
/** The length of a checksum and a space. */
const SUM = 9;

/** A line with its checksum (FNV-1a): of two lines that were not synced, the first may be lost, and zeros be in its place. */
function seal(line: string): string {
  let sum = 0x81_1c_9d_c5;
  for (const byte of Buffer.from(line)) sum = Math.imul(sum ^ byte, 0x01_00_01_93);
  return `${(sum >>> 0).toString(16).padStart(SUM - 1, '0')} ${line}`;
}

/** The file, and what it held when it was opened. */
export class Journal {
  readonly lines: readonly string[];
  readonly #file: SimFileHandle;
  #last: Promise<unknown> = Promise.resolve();

  private constructor(file: SimFileHandle, lines: readonly string[]) {
    this.#file = file;
    this.lines = lines;
  }

  /** Opens the file, and cuts off what a crash has torn: everything from the first line on that is not as it was written. */
  static async open({ disk }: SimHost): Promise<Journal> {
    const file = await disk.open(PATH, 'a+');
    const directory = await disk.open('/');
    await directory.sync();
    await directory.close();
    const text = await disk.readFile(PATH, 'utf8');
    const lines: string[] = [];
    let end = 0;
    for (const sealed of text.split('\n').slice(0, -1)) {
      const line = sealed.slice(SUM);
      if (sealed !== seal(line)) break;
      lines.push(line);
      end += Buffer.byteLength(sealed) + 1;
    }
    await file.truncate(end);
    await file.sync();
    return new Journal(file, lines);
  }

  append(line: string): Promise<void> {
    return this.#then(() => this.#file.appendFile(`${seal(line)}\n`));
  }

  sync(): Promise<void> {
    return this.#then(() => this.#file.sync());
  }

  /** Calls at the same time may end in any order: one after another here. */
  #then(call: () => Promise<void>): Promise<void> {
    const before = this.#last;
    const called = (async () => {
      await before;
      await call();
    })();
    this.#last = called;
    return called;
  }
}
